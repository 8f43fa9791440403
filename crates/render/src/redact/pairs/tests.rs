use super::{super::Settings, *};

fn found(line: &str) -> Vec<&str> {
    let settings = Settings::default();
    let names = Names::new(&settings.names, &settings.exceptions);
    let mut out = Vec::new();
    values(line.as_bytes(), &names, true, &mut None, &mut out);
    out.into_iter().map(|range| &line[range]).collect()
}

#[test]
fn finds() {
    let cases = [
        ("DB_PASSWORD=hunter2", "hunter2"),
        ("export DB_PASSWORD='hunter 2'", "hunter 2"),
        ("      DB_PASSWORD:  hunter2 and more\n", "hunter2 and more"),
        ("  password: hunter2 # rotate\n", "hunter2"),
        ("level=info token=abc123 user=bob", "abc123"),
        ("{\"password\":\"hun\\\"ter2\",\"a\":1}", "hun\\\"ter2"),
        ("{\"msg\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}", "hunter2"),
        ("Server=db;Password=hun;ter2;Timeout=3", "hun;ter2"),
        ("https://x/cb?token=abc123&state=1", "abc123"),
        ("mysql --password=hunter2 --host db", "hunter2"),
        ("mysql --password hunter2 --host db", "hunter2"),
        ("password = hunter2", "hunter2"),
        ("\"password\" => \"hunter2\"", "hunter2"),
        ("'password': 'it''s2'", "it''s2"),
        ("{user:bob, password:hunter2}", "hunter2"),
        ("Config{user=bob, password=hunter2}", "hunter2"),
        ("config['db_password'] = 'hunter2'", "hunter2"),
        ("//registry/:_authToken=abc123", "abc123"),
        ("\"password\": 123456,", "123456"),
        ("password: correct", "correct"),
        ("  Client Secret:  hunter2", "hunter2"),
        ("<password>hunter2</password>", "hunter2"),
        ("<add key=\"ApiSecret\" value=\"hunter2\" />", "hunter2"),
        ("{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}", "hunter2"),
        ("DB_PASSWORD=a,b,c", "a,b,c"),
        ("{\"line\":\"DB_PASSWORD=hunter2\\nA=b\"}", "hunter2"),
    ];
    for (line, secret) in cases {
        assert_eq!(found(line), [secret], "{line}");
    }
    assert_eq!(found("password=a1 secret_key=b2"), ["a1", "b2"]);
}

#[test]
fn leaves() {
    for line in [
        "password: ${DB_PASSWORD}",
        "password:",
        "password: \"\"",
        "password=",
        "password= user=bob",
        "token: expired",
        "      DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
        "secretName: web-tls",
        "secret: web-tls",
        "TokenExpirationSeconds:  3607",
        "image: repo/token:v1.2",
        "max_tokens=4096",
        "tokens: 128",
        "MountVolume.SetUp failed for volume \"token\" : secret \"x\" not found",
        "if password == \"x\" {",
        "token::new",
        "password: *****",
        "use --token to log in",
        "--token-ttl=24h",
        "Tokens:              default-token-x7k2p",
        "password: <redacted:012abc>",
        "DB_PASSWORD=<redacted:012abc>",
        "secret=kube-system/foo",
        "token: {",
        "passwords: [",
        "token = request.token",
        "password=os.environ[\"PASS\"]",
        "Image pull secrets:  regcred",
        "a:b=c",
        "  Secret Name:  web-tls",
        "annotations: checksum/secret: 0123",
        "{\"name\":\"MODE\",\"value\":\"fast\"}",
        "Unexpected token: '}' (12:5)",
        "<password></password>",
        "password:  12 bytes",
        "DB_PASSWORD:  24 bytes\n",
    ] {
        assert!(found(line).is_empty(), "{line}: {:?}", found(line));
    }
}

#[test]
fn blocks() {
    let settings = Settings::default();
    let names = Names::new(&settings.names, &settings.exceptions);
    let block = |line: &str| values(line.as_bytes(), &names, true, &mut None, &mut Vec::new());
    assert_eq!(block("  password: |\n"), Some(Block::Indented(2)));
    assert_eq!(block("- privateKey: >-"), Some(Block::Indented(2)));
    assert_eq!(block("db.password:\n"), Some(Block::Title));
    assert_eq!(block("  db.password:\n"), None);
    assert_eq!(block("  script: |\n"), None);
    assert_eq!(block("  password: |x\n"), None);
}
