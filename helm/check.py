"""Lints the chart and installs it, in every variant, with Helm's own code into a stand-in for the Kubernetes API.

The stand-in keeps what Helm sends it, so what is checked are the objects that a cluster would have got: each is held
against the published schema of its kind, and some against what the chart promises. Run by check.sh.
"""

import asyncio
import base64
import contextlib
import copy
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import helm_sdkpy
import kubernetes_validate
import yaml

CHART = pathlib.Path(__file__).parent / "kubently"
# Where the binary says what it reads.
ARGUMENTS = CHART.parents[1] / "src" / "args"
# What the binary reads, and an example of it.
POLICY_SCHEMA, POLICY = CHART.parents[1] / "crates/policy/policy.schema.json", CHART.parents[1] / "docs/policy.example.yaml"
NAMESPACE = "troubleshooting"
# The newest schemas that the validator has; field names that a release does not know are errors there.
KUBERNETES = kubernetes_validate.latest_version()

# group/version -> plural -> (kind, namespaced)
RESOURCES = {
    "v1": {
        "configmaps": ("ConfigMap", True),
        "secrets": ("Secret", True),
        "services": ("Service", True),
        "serviceaccounts": ("ServiceAccount", True),
        "persistentvolumeclaims": ("PersistentVolumeClaim", True),
        "pods": ("Pod", True),
        "namespaces": ("Namespace", False),
    },
    "apps/v1": {"deployments": ("Deployment", True)},
    "policy/v1": {"poddisruptionbudgets": ("PodDisruptionBudget", True)},
    "networking.k8s.io/v1": {"ingresses": ("Ingress", True), "networkpolicies": ("NetworkPolicy", True)},
    "rbac.authorization.k8s.io/v1": {
        "clusterroles": ("ClusterRole", False),
        "clusterrolebindings": ("ClusterRoleBinding", False),
    },
    "monitoring.coreos.com/v1": {"servicemonitors": ("ServiceMonitor", True)},
}
# Kinds that are not Kubernetes' own have no published schema.
NO_SCHEMA = {"ServiceMonitor"}

OK_KEY, OK_TOKEN = "svc:0123456789abcdef", "t" * 40

# What is installed: name -> values
VARIANTS = {
    "defaults": {},
    "server only, Redis by URL": {
        "server": {"redis": {"url": "rediss://user:pw@redis.example.com:6380/0", "prefix": "k:"}, "apiKeys": {"keys": [OK_KEY, "bare-key-1"]}},
        "redis": {"enabled": False},
    },
    "server only, Redis by Sentinel": {
        "server": {"redis": {"url": "rediss+sentinel://user:pw@s1:26379,s2:26379/main", "wait": 1, "waitTimeout": "500ms", "caSecret": "ca"}},
        "redis": {"enabled": False},
    },
    "server only, in memory": {"server": {"replicas": 1}, "redis": {"enabled": False}},
    "executor only": {
        "server": {"enabled": False},
        "executor": {"enabled": True, "clusterId": "prod-1", "servers": ["https://a.example.com", "https://b.example.com"], "token": OK_TOKEN},
    },
    "server and executor": {"executor": {"enabled": True, "clusterId": "here"}},
    "secrets of one's own": {
        "server": {
            "apiKeys": {"existingSecret": "keys", "existingSecretClientKey": "client"},
            "executorTokens": {"existingSecret": "tokens"},
            "redis": {"existingSecret": "redis"},
        },
        "executor": {"enabled": True, "clusterId": "here", "existingSecret": "token"},
    },
    "policy as a map": {
        "executor": {"enabled": True, "clusterId": "here"},
        "policy": yaml.safe_load(POLICY.read_text()),
    },
    "policy as text": {"policy": POLICY.read_text()},
    "everything": {
        "nameOverride": "kbl",
        "commonLabels": {"team": "platform"},
        "image": {"repository": "registry.example.com/kubently", "digest": "sha256:" + "0" * 64, "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "pull"}],
        "server": {
            "replicas": 3, "listenHost": "[::]", "mode": "fullAccess", "logFormat": "text", "drainTimeoutSeconds": 60,
            "sessionTtl": "10m", "resultRetention": "1h", "heartbeatInterval": "5s", "sseKeepAlive": "10s",
            "executorTokens": {"tokens": {"other": OK_TOKEN}},
            "service": {"type": "LoadBalancer", "port": 80, "appProtocol": "", "annotations": {"a": "b"}},
            "ingress": {"enabled": True, "className": "web", "annotations": {"a": "b"}, "hosts": ["k.example.com"],
                        "tls": [{"secretName": "tls", "hosts": ["k.example.com"]}]},
            "networkPolicy": {"enabled": True, "from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]},
            "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
            "podDisruptionBudget": {"maxUnavailable": "50%"},
            "serviceAccount": {"name": "srv", "annotations": {"a": "b"}},
            "extraEnv": [{"name": "TZ", "value": "UTC"}], "podAnnotations": {"a": "b"}, "podLabels": {"a": "b"},
            "nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}],
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}},
            "priorityClassName": "high",
        },
        "executor": {
            "enabled": True, "replicas": 2, "clusterId": "here", "token": "0123456789_abcdefghijklmnop-ABCDEF",
            "transport": "sse", "engine": "kubectl", "kubectlPath": "/tools/kubectl", "mode": "extendedReadOnly",
            "maxInFlight": 8, "maxOutput": "2Mi", "spoolDir": "", "graceSeconds": 40, "logFormat": "text", "ca": {"configMap": "ca"},
            "rbac": {"secrets": True, "extraRules": [{"apiGroups": ["argoproj.io"], "resources": ["applications"], "verbs": ["get", "list"]}]},
            "networkPolicy": {"enabled": True}, "serviceAccount": {"create": False, "name": "mine"},
            "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com"}],
            "initContainers": [{"name": "tools", "image": "tools", "command": ["cp", "/kubectl", "/tools/"], "volumeMounts": [{"name": "tools", "mountPath": "/tools"}]}],
            "extraVolumes": [{"name": "tools", "emptyDir": {}}], "extraVolumeMounts": [{"name": "tools", "mountPath": "/tools"}],
            "podAnnotations": {"a": "b"}, "podLabels": {"a": "b"}, "nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}, "priorityClassName": "high",
        },
        "redis": {"password": "pw-1", "persistence": {"enabled": True, "storageClassName": "fast"}},
    },
}

# What must be refused, and a part of what is said then.
REFUSED = [
    ({"executor": {"enabled": True}}, "executor.clusterId is required"),
    ({"executor": {"enabled": True, "clusterId": "Not An Id"}}, "clusterId"),
    ({"server": {"enabled": False}}, "nothing to install"),
    ({"server": {"enabled": False}, "executor": {"enabled": True, "clusterId": "c", "token": OK_TOKEN}}, "executor.servers is required"),
    ({"server": {"enabled": False}, "executor": {"enabled": True, "clusterId": "c", "servers": ["http://a"]}}, "executor.token or executor.existingSecret is required"),
    ({"redis": {"enabled": False}}, "needs Redis"),
    ({"server": {"ingress": {"enabled": True}}}, "at least one host"),
    ({"server": {"apiKeys": {"keys": ["svc:short"]}}}, "apiKeys"),
    ({"executor": {"enabled": True, "clusterId": "c", "token": "short"}}, "32 to 128"),
    ({"server": {"replica": 3}}, "replica"),
    ({"unknown": 1}, "unknown"),
    ({"policy": {"verbs": ["delete"]}}, "verbs"),
    ({"policy": {"namespace": {"allow": ["shop"]}}}, "namespace"),
    ({"policy": {"mode": "readOnly"}, "server": {"mode": "fullAccess"}}, "policy says the mode too"),
]


class Api(BaseHTTPRequestHandler):
    """As much of the Kubernetes API as Helm needs to install and upgrade: discovery, and objects kept in a dict."""

    protocol_version = "HTTP/1.1"
    objects: dict = {}
    lock = threading.Lock()

    def log_message(self, *_args):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def missing(self, path):
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        self.answer(404, {**status, "message": f"{path} not found"})

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def discovery(self, path):
        if path == "/version":
            major, minor = KUBERNETES.split(".")[:2]
            return {"major": major, "minor": minor, "gitVersion": f"v{KUBERNETES}"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = [tuple(name.split("/")) for name in RESOURCES if "/" in name]
            version = lambda group, v: {"groupVersion": f"{group}/{v}", "version": v}
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": g, "versions": [version(g, v)], "preferredVersion": version(g, v)} for g, v in groups]}
        name = path.removeprefix("/api/").removeprefix("/apis/")
        if name in RESOURCES:
            return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": [
                {"name": plural, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": ["get", "create"]}
                for plural, (kind, namespaced) in RESOURCES[name].items()]}
        return None

    def do_GET(self):
        path = self.path.partition("?")[0]
        found = self.discovery(path) or self.objects.get(path)
        self.missing(path) if found is None else self.answer(200, found)

    def do_POST(self):
        made = self.body()
        path = f"{self.path.partition('?')[0]}/{made['metadata']['name']}"
        made["metadata"].update(uid=path, resourceVersion="1")
        with self.lock:
            if path in self.objects:
                return self.answer(409, {"kind": "Status", "status": "Failure", "reason": "AlreadyExists", "code": 409})
            self.objects[path] = made
        self.answer(201, made)

    def do_PUT(self):
        path = self.path.partition("?")[0]
        self.objects[path] = self.body()
        self.answer(200, self.objects[path])

    def do_PATCH(self):
        # Good enough for maps; what is patched inside lists is not looked at here.
        path = self.path.partition("?")[0]
        self.objects[path] = merged(self.objects[path], self.body())
        self.answer(200, self.objects[path])


def merged(base, over):
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    both = {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in both.items() if value is not None}


@contextlib.contextmanager
def cluster():
    api = type("Fresh", (Api,), {"objects": {}, "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kubeconfig = {
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "users": [{"name": "u", "user": {}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": NAMESPACE}}],
    }
    try:
        yield helm_sdkpy.Configuration(namespace=NAMESPACE, kubeconfig=yaml.safe_dump(kubeconfig)), api.objects
    finally:
        server.shutdown()
        server.server_close()


def install(config, values):
    """Gives back Helm's record of the release, which also holds the notes and the hooks."""
    return asyncio.run(helm_sdkpy.Install(config).run("kubently", str(CHART), values=values, wait=False, timeout=30))


def find(objects, kind, suffix):
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"].endswith(suffix)]
    return found[0] if found else None


def secret(objects, suffix):
    data = (find(objects, "Secret", suffix) or {}).get("data", {})
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def check_object(made):
    """Against the schema of its kind, then against what every object of ours must be."""
    made = copy.deepcopy(made)
    made["metadata"].pop("uid", None)
    where = f"{made['kind']}/{made['metadata']['name']}"
    if made["kind"] not in NO_SCHEMA:
        kubernetes_validate.validate(made, KUBERNETES, strict=True)
    labels = made["metadata"]["labels"]
    for label in ("name", "instance", "component", "version", "managed-by"):
        assert labels.get(f"app.kubernetes.io/{label}"), f"{where}: no label {label}"
    pod = made["spec"] if made["kind"] == "Pod" else made.get("spec", {}).get("template", {}).get("spec")
    if not pod:
        return
    assert pod["securityContext"]["runAsNonRoot"] and pod["enableServiceLinks"] is False, where
    assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", where
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] and context["capabilities"]["drop"] == ["ALL"], where
        assert context["allowPrivilegeEscalation"] is False and container["resources"]["limits"]["memory"], where
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, f"{where}: a volume is missing"
        names = [variable["name"] for variable in container.get("env", [])]
        assert len(names) == len(set(names)), f"{where}: a variable is set twice"
    if made["kind"] == "Deployment":
        selector, own = made["spec"]["selector"]["matchLabels"], made["spec"]["template"]["metadata"]["labels"]
        assert selector.items() <= own.items(), f"{where}: it does not select its own pods"


def check_variables(objects):
    """A variable that the binary does not read would be a setting without effect."""
    known = set(re.findall(r"KUBENTLY_[A-Z_]+", "".join(file.read_text() for file in ARGUMENTS.rglob("*.rs"))))
    for made in objects:
        pod = made["spec"] if made["kind"] == "Pod" else made.get("spec", {}).get("template", {}).get("spec", {})
        for container in pod.get("containers", []):
            set_here = {e["name"] for e in container.get("env", []) if e["name"].startswith("KUBENTLY_")}
            assert set_here <= known, f"{made['metadata']['name']}: the binary does not read {set_here - known}"


def check_links(objects):
    """Secrets of ours that are mounted must have the keys that are mounted; services must select pods."""
    for deployment in (o for o in objects if o["kind"] == "Deployment"):
        for volume in deployment["spec"]["template"]["spec"]["volumes"]:
            sources = [s["secret"] for s in volume.get("projected", {}).get("sources", [])]
            sources += [{**volume["secret"], "name": volume["secret"]["secretName"]}] if "secret" in volume else []
            for source in sources:
                if find(objects, "Secret", source["name"]) and source["name"].startswith("kubently"):
                    have, want = secret(objects, source["name"]), {item["key"] for item in source["items"]}
                    assert want <= have.keys() and all(have[key] for key in want), f"{source['name']}: {want} of {set(have)}"
    pods = [o["spec"]["template"]["metadata"]["labels"] for o in objects if o["kind"] == "Deployment"]
    for service in (o for o in objects if o["kind"] == "Service"):
        assert any(service["spec"]["selector"].items() <= labels.items() for labels in pods), service["metadata"]["name"]


def check_promises(name, objects, record):
    kinds = {(o["kind"], o["metadata"]["name"].removeprefix(NAMESPACE + "-").removeprefix("kubently-").removeprefix("kbl-")) for o in objects}
    server, executor = find(objects, "Deployment", "-server"), find(objects, "Deployment", "-executor")
    assert bool(server) == (name != "executor only"), kinds
    assert bool(executor) == (name in ("executor only", "server and executor", "secrets of one's own", "policy as a map", "everything")), kinds
    if server:
        spec = server["spec"]["template"]["spec"]
        env = {e["name"]: e.get("value") for e in spec["containers"][0]["env"]}
        drain = int(env["KUBENTLY_DRAIN_TIMEOUT"].removesuffix("s"))
        assert spec["terminationGracePeriodSeconds"] > drain + 5 and spec["automountServiceAccountToken"] is False
    if executor:
        container = executor["spec"]["template"]["spec"]["containers"][0]
        spool = next((e["value"] for e in container["env"] if e["name"] == "KUBENTLY_SPOOL_DIR"), None)
        mounted = next((m["mountPath"] for m in container["volumeMounts"] if m["name"] == "spool"), None)
        assert spool == mounted == (None if name == "everything" else "/var/lib/kubently"), (spool, mounted)
    config = find(objects, "ConfigMap", "-policy")
    assert bool(config) == name.startswith("policy"), kinds
    for deployment in filter(None, (server, executor)):
        check_policy(deployment["spec"]["template"]["spec"], config)
    if config:
        assert yaml.safe_load(config["data"]["policy.yaml"]) == yaml.safe_load(POLICY.read_text())
        assert name != "policy as text" or config["data"]["policy.yaml"] == POLICY.read_text()
    role = find(objects, "ClusterRole", "-executor")
    for rule in role["rules"] if role else []:
        assert set(rule["verbs"]) <= {"get", "list", "watch"} and "*" not in rule["resources"] + rule["apiGroups"], rule
        assert "secrets" not in rule["resources"] or name == "everything", "Secrets are readable unasked"
    tests = [yaml.safe_load(hook["manifest"]) for hook in record.get("hooks") or []]
    assert len(tests) == (1 if server else 0), tests
    for test in tests:
        check_object(test)
    notes = record["info"]["notes"]
    assert "<no value>" not in notes and "%!" not in notes, notes
    keys, token = secret(objects, "-server"), secret(objects, "-executor").get("token")
    if name == "defaults":
        assert re.fullmatch(r"admin:\w{40}", keys["api-keys"]) and keys["api-keys"].endswith(keys["client-key"])
        redis = secret(objects, "-redis")
        assert redis["password"] in keys["redis-url"] and f"requirepass {redis['password']}\n" in redis["redis.conf"]
    if name == "server only, Redis by URL":
        assert keys["client-key"] == "0123456789abcdef" and not find(objects, "Deployment", "-redis")
    if name == "server only, Redis by Sentinel":
        assert (env["KUBENTLY_REDIS_WAIT"], env["KUBENTLY_REDIS_WAIT_TIMEOUT"]) == ("1", "500ms")
        assert env["KUBENTLY_REDIS_CA_FILE"] == "/etc/kubently/redis-ca.crt"
    if name == "server and executor":
        assert keys["executor-tokens"] == f"here:{token}" and len(token) == 48
    if name == "everything":
        assert sorted(keys["executor-tokens"].split("\n")) == sorted([f"here:{token}", f"other:{OK_TOKEN}"])


def check_policy(pod, config):
    """A policy is mounted as a folder, or its file would never change, and no mode is said beside it."""
    container = pod["containers"][0]
    env = {e["name"]: e.get("value") for e in container["env"]}
    assert ("KUBENTLY_POLICY_FILE" in env) != ("KUBENTLY_MODE" in env) and ("KUBENTLY_POLICY_FILE" in env) == bool(config), env
    if config:
        folder, key = os.path.split(env["KUBENTLY_POLICY_FILE"])
        mount = next(m for m in container["volumeMounts"] if m["mountPath"] == folder)
        volume = next(v for v in pod["volumes"] if v["name"] == mount["name"])
        assert "subPath" not in mount and volume["configMap"]["name"] == config["metadata"]["name"] and key in config["data"]


def check_policy_schema():
    """The chart's schema of a policy is the binary's, without its words for people."""
    words = ("examples", "$defs", "$schema", "title", "description", "default")

    def plain(value):
        if isinstance(value, dict) and "$ref" in value:
            return {"$ref": value["$ref"].replace("#/$defs/", "#/definitions/policy-")}
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items() if key not in words}
        return [plain(inner) for inner in value] if isinstance(value, list) else value

    binary, chart = json.loads(POLICY_SCHEMA.read_text()), json.loads((CHART / "values.schema.json").read_text())["definitions"]
    assert chart["policy"] == plain(binary), "values.schema.json: definitions.policy is not that of crates/policy/policy.schema.json"
    for name, definition in binary["$defs"].items():
        assert chart[f"policy-{name}"] == plain(definition), f"values.schema.json: definitions.policy-{name}"
    print("ok: the chart's schema of a policy is the binary's")


def check_variant(name, values):
    with cluster() as (config, objects):
        record = install(config, values)
        made = list(objects.values())
        for one in made:
            check_object(one)
        check_links(made)
        check_variables(made + [yaml.safe_load(hook["manifest"]) for hook in record.get("hooks") or []])
        check_promises(name, made, record)
        print(f"ok: install: {name}: {len(made)} objects")


def check_upgrade():
    """Secrets that the chart made are the same after an upgrade, and pods are not restarted for nothing."""
    with cluster() as (config, objects):
        values = VARIANTS["server and executor"]
        install(config, values)
        before = copy.deepcopy(list(objects.values()))
        upgraded = asyncio.run(helm_sdkpy.Upgrade(config).run("kubently", str(CHART), values=values, wait=False, timeout=30))
        after = list(objects.values())
        for suffix in ("-server", "-executor", "-redis"):
            assert secret(before, suffix) == secret(after, suffix), f"{suffix}: an upgrade changed a secret"
            template = lambda objects: find(objects, "Deployment", suffix)["spec"]["template"]
            assert template(before) == template(after), f"{suffix}: an upgrade without a change restarts pods"
        assert upgraded["version"] == 2 and len(before) == len(after)
    print("ok: upgrade keeps the secrets that were made")


def check_refused(values, said):
    with cluster() as (config, objects):
        try:
            install(config, values)
        except helm_sdkpy.InstallError as error:
            assert said in str(error), f"{values}: {error}"
            assert not objects, "something was installed"
        else:
            raise AssertionError(f"not refused: {values}")
    print(f"ok: refused: {said}")


def lint(name, values):
    """Helm's linter takes no values, so it gets a copy of the chart that has them as defaults."""
    with tempfile.TemporaryDirectory() as folder, cluster() as (config, _):
        chart = shutil.copytree(CHART, pathlib.Path(folder) / "kubently")
        if values:
            defaults = yaml.safe_load((chart / "values.yaml").read_text())
            (chart / "values.yaml").write_text(yaml.safe_dump(merged(defaults, values)))
        found = asyncio.run(helm_sdkpy.Lint(config).run(str(chart)))
    # 1 is advice (a chart should have an icon), 2 a warning, 3 an error.
    bad = [message for message in found["Messages"] or [] if message["Severity"] > 1]
    assert not bad and not found["Errors"], f"{name}: {found}"
    print(f"ok: lint: {name}")


def leaves(values, path=""):
    """Every setting by its path; a map that is empty by default is one setting."""
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        yield from leaves(value, here) if isinstance(value, dict) and value else [here]


def check_readme():
    values, readme = yaml.safe_load((CHART / "values.yaml").read_text()), (CHART / "README.md").read_text()
    rows = set(re.findall(r"^\| `([\w.]+)`", readme, re.MULTILINE))
    # Resources are one row: what is below is Kubernetes', not ours.
    have = {re.sub(r"(resources)\..*", r"\1", leaf) for leaf in leaves(values)}
    assert rows == have, f"README.md lacks {sorted(have - rows)} and has {sorted(rows - have)} too much"
    print(f"ok: README.md has a row for each of {len(rows)} values")


def main():
    if os.environ.get("HELM_DRIVER") != "memory":
        return "run helm/check.sh: Helm's own records must stay in its memory, and it reads HELM_DRIVER when it is loaded"
    check_readme()
    check_policy_schema()
    for name, values in VARIANTS.items():
        lint(name, values)
        check_variant(name, values)
    check_upgrade()
    for values, said in REFUSED:
        check_refused(values, said)


if __name__ == "__main__":
    sys.exit(main())
