//! Taking money.

use crate::scene::{Container, Deployment, Fate, Scene, Script, Service, Template, days, hours, mins, secs};

const NS: &str = "payments";

pub(super) fn build(scene: &mut Scene) {
    scene.service_account(NS, "gateway", days(164));
    scene.secret(NS, "acquirer-api-key", "Opaque", days(30), &[("key", "demo-acquirer-key")]);
    scene.config_map(NS, "gateway-routes", days(30), &[("routes.json", "{\"visa\":\"acq-1\",\"sepa\":\"acq-2\"}\n")]);
    scene.deployment(&Deployment::new(NS, "gateway", days(30), gateway()).replicas(2));
    scene.service(&Service::new(NS, "gateway", days(164), ("https", 443, 8443)));
    let ledger = Deployment::new(NS, "ledger", days(17), ledger("registry.oakshop.example/ledger:5.1.0-hotfix"));
    let old = ledger_template("registry.oakshop.example/ledger:5.0.8");
    scene.deployment(&ledger.replicas(2).before(old, 2, mins(22)));
    scene.service(&Service::new(NS, "ledger", days(164), ("grpc", 50_051, 50_051)));
    scene.deployment(&Deployment::new(NS, "fraud-check", hours(3), fraud_check()));
    scene.service(&Service::new(NS, "fraud-check", days(90), ("http", 80, 8080)));
}

fn gateway() -> Template {
    let gateway = Container::new("gateway", "registry.oakshop.example/gateway:4.0.1")
        .port("https", 8443)
        .requests("100m", "64Mi")
        .limits("400m", "128Mi")
        .secret_env("ACQUIRER_KEY", "acquirer-api-key", "key")
        .mount("routes", "/etc/gateway")
        .uses(21, 52)
        .says(Script {
            opening: &["gateway 4.0.1 ready, 2 routes"],
            cycle: &["authorised payment p-{n} via acq-1 in 212 ms", "authorised payment p-{n} via acq-2 in 340 ms"],
            every: secs(23),
        });
    let proxy = Container::new("mesh-proxy", "registry.oakshop.example/mesh-proxy:1.24.3")
        .port("metrics", 15_020)
        .requests("10m", "32Mi")
        .uses(5, 41)
        .says(Script {
            opening: &["mesh proxy up"],
            cycle: &["upstream acq-1 healthy, {n} requests"],
            every: secs(30),
        });
    let wait = Container::new("wait-for-routes", "registry.oakshop.example/tools:12")
        .args(&["wait-file", "/etc/gateway/routes.json"])
        .mount("routes", "/etc/gateway")
        .says(Script { opening: &["found /etc/gateway/routes.json"], cycle: &[], every: secs(1) });
    let routes = serde_json::json!({ "name": "gateway-routes", "defaultMode": 420 });
    Template::of(gateway).sidecar(proxy).init(wait).service_account("gateway").volume("routes", "configMap", &routes)
}

fn ledger_container(image: &'static str) -> Container {
    Container::new("ledger", image).port("grpc", 50_051).requests("100m", "128Mi").uses(14, 103).says(Script {
        opening: &["ledger started, replaying journal", "journal replayed, 90211 entries"],
        cycle: &["posted entry e-{n}", "balance check ok"],
        every: secs(20),
    })
}

fn ledger_template(image: &'static str) -> Template {
    Template::of(ledger_container(image))
}

fn ledger(image: &'static str) -> Template {
    Template::of(ledger_container(image).fate(Fate::ImageMissing))
}

fn fraud_check() -> Template {
    let fraud_check = Container::new("fraud-check", "registry.oakshop.example/fraud-check:1.8.0")
        .port("http", 8080)
        .requests("100m", "256Mi")
        .limits("1", "256Mi")
        .fate(Fate::Restarted { restarts: 21, exit_code: 137, reason: "OOMKilled", ago: mins(3) })
        .uses(96, 241)
        .last_words(&[
            "model v12 loading from /models/fraud-v12.bin",
            "model v12 loaded, heap 118 MiB",
            "scored 500 payments, heap 163 MiB",
            "scored 1000 payments, heap 208 MiB",
            "warning: feature cache holds 1000 customers and has no limit, heap 239 MiB",
            "scored 1200 payments, heap 251 MiB of 256 MiB",
        ])
        .says(Script {
            opening: &["model v12 loading from /models/fraud-v12.bin", "model v12 loaded, heap 118 MiB"],
            cycle: &[
                "scored payment p-{n}: 0.02",
                "scored payment p-{n}: 0.11",
                "feature cache grew, now {n} customers",
            ],
            every: secs(7),
        });
    Template::of(fraud_check)
}
