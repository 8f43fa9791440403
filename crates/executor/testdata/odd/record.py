#!/usr/bin/env python3
"""Records what kubectl prints about the objects in objects.yaml: record.py KUBECTL

An API server that only gives objects stands behind it; what there is to discover comes from ../kube-lab. The command
lines are those of lines.txt. Writes commands.jsonl.gz and responses.jsonl.gz, in the form of ../kube-lab.
Needs PyYAML.
"""

import gzip
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml

HERE = pathlib.Path(__file__).parent
# Where the recorded server says it is.
NAMED = "https://127.0.0.1:6443"
DISCOVERED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# Types that kube-lab does not have.
MORE_TYPES = [
    ("resource.k8s.io", "v1beta1", "ResourceClaim", "resourceclaims", "Namespaced"),
    ("weird.example.com", "v1", "Odd", "odds", "Namespaced"),
    ("networking.k8s.io", "v1", "ServiceCIDR", "servicecidrs", "Cluster"),
    ("networking.k8s.io", "v1", "IPAddress", "ipaddresses", "Cluster"),
    ("metrics.k8s.io", "v1beta1", "PodMetrics", "pods", "Namespaced"),
    ("metrics.k8s.io", "v1beta1", "NodeMetrics", "nodes", "Cluster"),
]
# What those get who act as one of these users: errors that are not the API server's own, and some that are.
REFUSED = {
    "plain-400": (400, "text/plain", "bad thing\n"),
    "plain-401": (401, "text/plain", "who are you\n"),
    "plain-403": (403, "text/plain", "a proxy says no\n"),
    "plain-404": (404, "text/plain", "404 page not found\n"),
    "plain-429": (429, "text/plain", "slow down\n"),
    "plain-500": (500, "text/plain", "broken at \"x\"\nand y\n"),
    "html-502": (502, "text/html", "<html><title>502 Bad Gateway</title></html>\n"),
    "plain-503": (503, "text/plain", "service unavailable\n"),
    "plain-504": (504, "text/plain", ""),
    "json-418": (418, "application/json", '{"error": "teapot"}'),
}
for name, code, reason, message in [
    ("status-400", 400, "BadRequest", "field label not supported: x"),
    ("status-401", 401, "Unauthorized", "Unauthorized"),
    ("status-403", 403, "Forbidden", "no"),
    ("status-500", 500, "", "etcd is away"),
]:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}
    REFUSED[name] = (code, "application/json", json.dumps(body))


class Loader(yaml.SafeLoader):
    """Times are texts, as in JSON."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Discovery:
    """Which types there are."""

    def __init__(self):
        self.answers = {}
        with gzip.open(HERE / "../kube-lab/responses.jsonl.gz", "rt") as rows:
            for row in map(json.loads, rows):
                path = row["path"].split("?")[0]
                if path in ("/api", "/apis", "/version"):
                    self.answers.setdefault(path, json.loads(row["body"]))
        for more in MORE_TYPES:
            self._add(*more)
        self.types = {}
        for document in ("/api", "/apis"):
            for group in self.answers[document]["items"]:
                for version in group["versions"]:
                    for one in version["resources"]:
                        name = group["metadata"].get("name", "")
                        key = (name, version["version"], one["responseKind"]["kind"])
                        self.types[key] = (one["resource"], one["scope"], one["verbs"])

    def _add(self, name, version, kind, plural, scope):
        groups = self.answers["/apis"]["items"]
        group = next((one for one in groups if one["metadata"]["name"] == name), None)
        if not group:
            group = {"metadata": {"name": name, "creationTimestamp": None}, "versions": []}
            groups.append(group)
        known = next((one for one in group["versions"] if one["version"] == version), None)
        if not known:
            known = {"version": version, "resources": [], "freshness": "Current"}
            group["versions"].append(known)
        if all(one["resource"] != plural for one in known["resources"]):
            known["resources"].append({
                "resource": plural,
                "responseKind": {"group": name, "version": version, "kind": kind},
                "scope": scope,
                "singularResource": kind.lower(),
                "verbs": ["get", "list", "watch"],
            })


class Objects:
    """The objects by group, version, plural, namespace and name: those of the file, and two of each type with nothing
    in them."""

    def __init__(self, discovery):
        self.discovery = discovery
        self.all = {}
        for given in yaml.load_all((HERE / "objects.yaml").read_text(), Loader=Loader):
            self._add(given, "odd")
        for (group, version, kind), (_, _, verbs) in discovery.types.items():
            if {"get", "list"} <= set(verbs) and kind not in ("Event", "Secret") and group != "metrics.k8s.io":
                for number, rest in enumerate(({}, {"spec": {}, "status": {}})):
                    api = f"{group}/{version}" if group else version
                    name = f"bare-{kind.lower()}-{number}"
                    self._add({"apiVersion": api, "kind": kind, "metadata": {"name": name}, **rest}, "bare")

    def _add(self, given, namespace):
        group, _, version = given["apiVersion"].rpartition("/")
        plural, scope, _ = self.discovery.types[(group, version, given["kind"])]
        metadata = given["metadata"]
        metadata.setdefault("uid", "u-" + metadata["name"])
        metadata.setdefault("resourceVersion", "1")
        if metadata.setdefault("creationTimestamp", "2026-11-20T10:00:00Z") == "none":
            del metadata["creationTimestamp"]
        if scope == "Namespaced":
            metadata.setdefault("namespace", namespace)
        self.all[(group, version, plural, metadata.get("namespace", ""), metadata["name"])] = given

    def listed(self, group, version, plural, namespace, query):
        labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
        for key, one in sorted(self.all.items()):
            here = key[:3] == (group, version, plural) and namespace in ("", key[3])
            if here and has_labels(one, labels) and has_fields(one, fields):
                yield {name: value for name, value in one.items() if name not in ("kind", "apiVersion")}


def has_labels(one, selector):
    labels = one["metadata"].get("labels") or {}
    for term in filter(None, re.split(r",(?![^()]*\))", selector)):
        several = re.match(r"\s*(\S+)\s+(in|notin)\s+\((.*)\)$", term)
        if several:
            found = (labels.get(several[1]) in several[3].split(",")) == (several[2] == "in")
        elif "!=" in term:
            name, value = term.split("!=")
            found = labels.get(name) != value
        elif "=" in term:
            name, value = re.split("==?", term, maxsplit=1)
            found = labels.get(name) == value
        elif term.startswith("!"):
            found = term[1:] not in labels
        else:
            found = term in labels
        if not found:
            return False
    return True


def has_fields(one, selector):
    for term in filter(None, selector.split(",")):
        name, differs, value = re.match(r"(.*?)(!?)==?(.*)", term).groups()
        found = one
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if (str(found or "") == value) == bool(differs):
            return False
    return True


class Server(ThreadingHTTPServer):
    """The API server; it keeps what it answered."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.discovery = Discovery()
        self.objects = Objects(self.discovery)
        self.answered = {}

    def answer(self, path, query):
        """Status, content type and body."""
        if path in self.discovery.answers:
            kind = "application/json" if path == "/version" else DISCOVERED
            return 200, kind, json.dumps(self.discovery.answers[path])
        asked = re.fullmatch(r"/(?:api/(v1)|apis/([^/]+)/([^/]+))(?:/namespaces/([^/]+))?/([^/]+)(?:/([^/]+))?(/log)?", path)
        if not asked:
            return missing("the server could not find the requested resource", {})
        core, group, version, namespace, plural, name, log = (part or "" for part in asked.groups())
        version = version or core
        kind = next((key[2] for key, one in self.discovery.types.items() if key[:2] == (group, version) and one[0] == plural), None)
        if not kind:
            return missing("the server could not find the requested resource", {})
        if name:
            found = self.objects.all.get((group, version, plural, namespace, name))
            if not found:
                full = f"{plural}.{group}" if group else plural
                return missing(f'{full} "{name}" not found', {"name": name, "group": group, "kind": plural})
            return (200, "text/plain", "log line\n") if log else (200, "application/json", json.dumps(found))
        items = list(self.objects.listed(group, version, plural, namespace, query))
        api = f"{group}/{version}" if group else version
        whole = {"kind": kind + "List", "apiVersion": api, "metadata": {"resourceVersion": "9"}, "items": items}
        return 200, "application/json", json.dumps(whole)


def missing(message, details):
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
              "reason": "NotFound", "details": details, "code": 404}
    return 404, "application/json", json.dumps(status)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if refused := self._refused():
            return self._send(None, *refused)
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        self._send(None, *self.server.answer(url.path, query))

    def do_POST(self):
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        if refused := self._refused():
            return self._send(asked, *refused)
        self._send(asked, *missing("the server could not find the requested resource", {}))

    def _refused(self):
        """What there is is told to everybody."""
        discovery = urlsplit(self.path).path in self.server.discovery.answers
        return None if discovery else REFUSED.get(self.headers.get("Impersonate-User"))

    def _send(self, asked, status, kind, body):
        accept = self.headers.get("Accept", "")
        # kubectl asks for protobuf where it knows a type; the answers are the same.
        user = self.headers.get("Impersonate-User")
        self.server.answered[(self.command, self.path, "as=Table" in accept, asked, user)] = {
            "method": self.command, "path": self.path, "accept": accept, "impersonate_user": user,
            "request_body": asked, "status": status, "content_type": kind, "warning": "", "body": body,
        }
        encoded = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)


def run(kubectl, environment, url, line):
    argv = shlex.split(line)
    started = time.time()
    done = subprocess.run([kubectl, *argv], env=environment, capture_output=True, text=True, timeout=60, check=False)
    stdout, stderr = (text.replace(url, NAMED) for text in (done.stdout, done.stderr))
    return {"argv": argv, "recorded_at": started, "exit_code": done.returncode, "stdout": stdout, "stderr": stderr}


def write(name, rows):
    # Without a time in it, so that the same rows are the same file.
    with open(HERE / name, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed:
        for row in rows:
            packed.write((json.dumps(row) + "\n").encode())


def main(kubectl):
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "c",
              "clusters": [{"name": "c", "cluster": {"server": url}}],
              "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
              "users": [{"name": "u", "user": {}}]}
    with tempfile.TemporaryDirectory() as home:
        path = pathlib.Path(home) / "config"
        path.write_text(json.dumps(config))
        environment = {**os.environ, "HOME": home, "KUBECONFIG": str(path), "TZ": "UTC"}
        lines = (HERE / "lines.txt").read_text().splitlines()
        write("commands.jsonl.gz", [run(kubectl, environment, url, line) for line in lines])
    write("responses.jsonl.gz", server.answered.values())


if __name__ == "__main__":
    main(sys.argv[1])
