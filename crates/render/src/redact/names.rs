//! Which names say that a value is secret.

use super::{
    gate::{Gate, PAIRS},
    glob::{Glob, normalise},
};

/// Names whose values are secret, unless settings say otherwise.
pub const DEFAULT_NAMES: &[&str] = &[
    "*PASSWORD*",
    "*PASSWD*",
    "*PASSPHRASE*",
    "*_PASS",
    "PASS",
    "*_PWD",
    "PWD",
    "*SECRET*",
    "*TOKEN*",
    "*API_KEY*",
    "*APIKEY*",
    "*ACCESS_KEY*",
    "*ACCESSKEY*",
    "*ACCOUNT_KEY*",
    "*ACCOUNTKEY*",
    "*AUTH_KEY*",
    "*PRIVATE_KEY*",
    "*PRIVATEKEY*",
    "*ENCRYPTION_KEY*",
    "*ENCRYPTIONKEY*",
    "*SIGNING_KEY*",
    "*MASTER_KEY*",
    "*UNSEAL_KEY*",
    "*SHARED_KEY*",
    "*SESSION_KEY*",
    "*FERNET_KEY*",
    "*HMAC_KEY*",
    "*SERVER_KEY",
    "*SERVICE_KEY",
    "*WRITE_KEY",
    "*STORAGE_KEY*",
    "*STRIPE_KEY*",
    "*LICENSE_KEY*",
    "*DEPLOY_KEY*",
    "*SSH_KEY",
    "APP_KEY",
    "*_APP_KEY",
    "*_SALT",
    "*ERLANG_COOKIE",
    "*REQUIREPASS",
    "*MASTERAUTH",
    "*CREDENTIAL*",
    "*BIND_PW*",
    "*ADMIN_PW",
    "*ROOT_PW",
    "*USER_PW",
    "*CONNECTION_STRING*",
    "*CONNECTIONSTRING*",
];

/// Names that are about a secret without being one.
pub const DEFAULT_EXCEPTIONS: &[&str] = &[
    // Where it is, and how it is called.
    "*_FILE",
    "*_FILES",
    "*FILENAME",
    "*_PATH",
    "*_PATHS",
    "*_DIR",
    "*_DIRECTORY",
    "*_LOCATION",
    "*_MOUNT",
    "*_VOLUME",
    "*_NAME",
    "*SECRETNAME",
    "*_NAMES",
    "*_REF",
    "*_REFS",
    "*_NAMESPACE",
    "*_FIELD",
    "*_HEADER",
    "*_HEADERS",
    "*_PREFIX",
    "*_SUFFIX",
    "*_SELECTOR",
    "*_LABEL",
    "*_ANNOTATION",
    "*_COLUMN",
    "*_PARAM",
    "*_PARAMETER",
    "*_KEYS_URL",
    "*_URL",
    "*_URI",
    "*_ENDPOINT",
    "*_HOST",
    "*_PORT",
    "*_PORT_*",
    "*_ADDR",
    "*_ADDRESS",
    "*_SERVER",
    "*_SERVICE",
    "*_REGION",
    "*_SERVICE_*",
    "*_CONFIG_MAP",
    // How long, how many, how.
    "*_TTL",
    "*_AGE",
    "*_EXPIRY",
    "*_EXPIRE",
    "*_EXPIRES*",
    "*_EXPIRATION*",
    "*_SECONDS",
    "*_MINUTES",
    "*_HOURS",
    "*_DAYS",
    "*_LIFETIME",
    "*_DURATION",
    "*_VALIDITY",
    "*_TIMEOUT",
    "*_INTERVAL",
    "*_PERIOD",
    "*_LENGTH",
    "*_SIZE",
    "*_COUNT",
    "*_LIMIT",
    "*_MAX",
    "*_MIN",
    "*_USAGE",
    "*_USED",
    "MAX_*TOKENS*",
    "*_PER_SECOND",
    "*_ENABLED",
    "*_DISABLED",
    "*_REQUIRED",
    "*_ALLOWED",
    "*_TYPE",
    "*_TYPES",
    "*_MODE",
    "*_FORMAT",
    "*_METHOD",
    "*_VERSION",
    "*_ALGORITHM",
    "*_ALG",
    "*_POLICY",
    "*_STRENGTH",
    "*_STATUS",
    "*_STATE",
    "*_ERROR",
    "*_REASON",
    "*_MESSAGE",
    "*_ROTATION*",
    "*_TIMESTAMP",
    "*_TIME",
    "*_AT",
    "*_DATE",
    "*_DATA_SIZE",
    "*_CACHE*",
    "*_VALIDATION*",
    // Who deals with it.
    "*_ISSUER",
    "*_AUDIENCE",
    "*_AUDIENCES",
    "*_PROVIDER",
    "*_STORE",
    "*_STORES",
    "SECRETS_STORE_*",
    "*_CLASS",
    "*_MANAGER",
    "*_CONTROLLER",
    "*_OPERATOR",
    "*_DRIVER",
    "*_GENERATOR",
    "*_HASHER",
    "*_BACKEND",
    "*_CLIENT",
    "*_REVIEW",
    "*_REVIEWS",
    "*_REVIEWER",
    "*_REQUEST",
    "*_REQUESTS",
    "*_SOURCE",
    "*_VENDOR",
    "*_PLUGIN",
    "*_WEBHOOK",
    "*_SIGNER",
    "*_AUTHENTICATOR",
    "*_REALM",
    "*_SCOPE",
    "*_SCOPES",
    "*_CLEANER",
    "*_USER",
    "*_USERNAME",
    // Public halves, and digests.
    "*KEY_ID",
    "*KEYID",
    "*TOKEN_ID",
    "*PASSWORD_ID",
    "*_ID_TOKEN_CLAIM",
    "*PUBLIC_KEY*",
    "*CHECKSUM*",
    "*_SHA256",
    "*CERT_HASH",
    "*_FINGERPRINT",
    // Kubernetes' own.
    "AUTOMOUNT_*",
    "SERVICE_ACCOUNT_TOKEN",
    "*_SECRET_KEY_REF",
    "TOKENIZER*",
    "*_TOKENIZER*",
    "SECRETARY*",
    "PASSWORDLESS*",
];

/// The last words of fields that hold a secret in any object.
const FIELDS: &[&str] = &[
    "*PASSWORD",
    "*PASSWD",
    "*PASSPHRASE",
    "SECRET",
    "PASS",
    "*_PASS",
    "TOKEN",
    "*_TOKEN",
    "*AUTHTOKEN",
    "*ACCESSTOKEN",
    "SECRET_KEY",
    "*_SECRET_KEY",
    "SECRETKEY",
    "ACCESS_KEY",
    "*_ACCESS_KEY",
    "ACCESSKEY",
    "*API_KEY",
    "*APIKEY",
    "*CLIENT_SECRET",
    "*CLIENTSECRET",
    "*WEBHOOK_SECRET",
    "*SHARED_SECRET",
    "*APP_SECRET",
    "*SIGNING_SECRET",
    "*SESSION_SECRET",
    "*COOKIE_SECRET",
    "*JWT_SECRET",
    "*HMAC_SECRET",
    "*CONSUMER_SECRET",
    "PRIVATE_KEY",
    "*_PRIVATE_KEY",
    "PRIVATEKEY",
    "*ENCRYPTION_KEY",
    "*SIGNING_KEY",
    "*MASTER_KEY",
    "*ACCOUNT_KEY",
    "*CONNECTION_STRING",
    "*BIND_PW",
    "CREDENTIALS",
    "*_CREDENTIALS",
];

/// Words before `SECRET` that make it the name of an object.
const OBJECTS: &[&str] = &[
    "TLS",
    "SSL",
    "PULL",
    "IMAGE",
    "EXISTING",
    "CERT",
    "CERTIFICATE",
    "CA",
    "K8S",
    "KUBE",
    "KUBERNETES",
    "MOUNTABLE",
    "INGRESS",
    "CREDENTIAL",
    "CREDENTIALS",
    "SOURCE",
    "TARGET",
    "BACKEND",
    "HELM",
    "GENERATED",
    "PROJECTED",
    "THE",
];

/// How much a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// A password: whatever the value is.
    Strong,
    /// A token or key: amounts and addresses are settings.
    Usual,
    /// As often the name of a Secret as what is in one.
    Reference,
}

/// The names of one configuration.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// Lets in whatever has the letters that one of `secret` asks for.
    pub(super) gate: Gate,
    secret: Vec<Glob>,
    exceptions: Vec<Glob>,
    fields: Vec<Glob>,
}

impl Names {
    pub(super) fn new(secret: &[String], exceptions: &[String]) -> Self {
        let secret: Vec<_> = secret.iter().map(|pattern| Glob::new(pattern)).collect();
        Self {
            gate: Gate::new(&roots(&secret)),
            secret,
            exceptions: exceptions.iter().map(|pattern| Glob::new(pattern)).collect(),
            fields: FIELDS.iter().map(|pattern| Glob::new(pattern)).collect(),
        }
    }

    /// What `name` says about the value of a variable, a flag or a setting; nothing when it is an ordinary one.
    pub(super) fn variable(&self, name: &[u8]) -> Option<Weight> {
        let shell_variable = name == b"PWD" || name == b"OLDPWD";
        if name.is_empty() || shell_variable || self.gate.rules(name) & PAIRS == 0 {
            return None;
        }
        self.weigh(&normalise(name), &self.secret)
    }

    /// Whether `name` is an exception.
    pub(super) fn is_exception(&self, name: &[u8]) -> bool {
        let name = normalise(name);
        self.exceptions.iter().any(|glob| glob.matches(&name))
    }

    /// What `name` says as a field of an object, where fewer names count.
    pub(super) fn field(&self, name: &str) -> Option<Weight> {
        self.weigh(&normalise(name.as_bytes()), &self.fields)
    }

    fn weigh(&self, name: &[u8], patterns: &[Glob]) -> Option<Weight> {
        let fits = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(name));
        (fits(patterns) && !fits(&self.exceptions)).then(|| weight(name))
    }
}

/// Letters of which every name has some that one of `patterns` matches. The fewer, the fewer lines have to be looked at.
fn roots(patterns: &[Glob]) -> Vec<Vec<u8>> {
    let mut roots: Vec<Vec<u8>> = Vec::new();
    for pattern in patterns {
        if !roots.iter().any(|root| pattern.has(root)) {
            roots.push(pattern.root());
        }
    }
    roots
}

fn weight(name: &[u8]) -> Weight {
    let mut words = name.rsplit(|&byte| byte == b'_');
    let last = words.next().unwrap_or_default();
    let before = words.next();
    let names_object = |word: &[u8]| OBJECTS.iter().any(|object| object.as_bytes() == word);
    match last {
        b"SECRET" | b"SECRETS" if before.is_none_or(names_object) => Weight::Reference,
        b"ID" if before == Some(b"SECRET") => Weight::Reference,
        b"TOKENS" if before.is_none() => Weight::Reference,
        b"CREDENTIAL" | b"CREDENTIALS" => Weight::Reference,
        _ if name.windows(4).any(|part| part == b"PASS") => Weight::Strong,
        _ => Weight::Usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let settings = super::super::Settings::default();
        Names::new(&settings.names, &settings.exceptions)
    }

    #[test]
    fn variables() {
        let names = names();
        let cases = [
            ("DB_PASSWORD", Some(Weight::Strong)),
            ("spring.datasource.password", Some(Weight::Strong)),
            ("--api-key", Some(Weight::Usual)),
            ("clientSecret", Some(Weight::Usual)),
            ("SECRET_KEY_BASE", Some(Weight::Usual)),
            ("VAULT_TOKEN", Some(Weight::Usual)),
            ("secret", Some(Weight::Reference)),
            ("tlsSecret", Some(Weight::Reference)),
            ("imagePullSecrets", Some(Weight::Reference)),
            ("secretName", None),
            ("PASSWORD_FILE", None),
            ("tokenReview", None),
            ("tokenExpirationSeconds", None),
            ("automountServiceAccountToken", None),
            ("PWD", None),
            ("MYSQL_PWD", Some(Weight::Usual)),
            ("AWS_ACCESS_KEY_ID", None),
            ("COMPASS", None),
            ("monkey", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(names.variable(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn fields() {
        let names = names();
        for name in ["password", "adminPassword", "secretKey", "apiKey", "clientSecret", "bearerToken", "privateKey"] {
            assert!(names.field(name).is_some(), "{name}");
        }
        for name in ["secretName", "tokenSecretRef", "secrets", "tokenPolicy", "passwordSecretRef", "key", "secretRef"]
        {
            assert_eq!(names.field(name), None, "{name}");
        }
    }

    #[test]
    fn settings_add_and_take_away() {
        let names = Names::new(&["*FLAG*".to_owned()], &["*_FLAG_NAME".to_owned()]);
        assert_eq!(names.variable(b"MY_FLAG"), Some(Weight::Usual));
        assert_eq!(names.variable(b"MY_FLAG_NAME"), None);
        assert_eq!(names.variable(b"DB_PASSWORD"), None);
    }

    #[test]
    fn every_pattern_asks_for_letters_that_let_its_names_in() {
        let patterns: Vec<_> = DEFAULT_NAMES.iter().map(|pattern| Glob::new(pattern)).collect();
        let roots = roots(&patterns);
        for (pattern, text) in patterns.iter().zip(DEFAULT_NAMES) {
            assert!(roots.iter().any(|root| pattern.has(root)), "{text}");
        }
        // One for all that speak of keys.
        assert!(roots.contains(&b"KEY".to_vec()) && roots.len() * 2 < patterns.len(), "{roots:?}");
        assert_eq!(super::roots(&[Glob::new("*")]), [Vec::<u8>::new()], "a pattern of wildcards lets in everything");
    }
}
