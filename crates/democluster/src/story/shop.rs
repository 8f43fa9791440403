//! The shop itself.

use serde_json::json;

use crate::scene::{Container, Deployment, Fate, Scene, Script, Service, Template, days, hours, mins, secs};

const NS: &str = "shop";

pub(super) fn build(scene: &mut Scene) {
    configuration(scene);
    scene.deployment(&Deployment::new(NS, "frontend", days(21), frontend()).replicas(3));
    scene.service(&Service::new(NS, "frontend", days(187), ("http", 80, 8080)).load_balancer());
    scene.autoscaler(NS, "frontend", (3, 9), 3, (34, 75));
    scene.deployment(&Deployment::new(NS, "catalog", days(8), catalog()).replicas(2));
    scene.service(&Service::new(NS, "catalog", days(187), ("http", 80, 8080)));
    scene.deployment(&Deployment::new(NS, "orders", days(63), orders()).replicas(2).before(
        orders_before(),
        0,
        mins(47),
    ));
    scene.service(&Service::new(NS, "orders", days(187), ("http", 80, 8081)));
    scene.deployment(&Deployment::new(NS, "basket", hours(5), basket()).replicas(2));
    scene.service(&Service::new(NS, "basket", hours(5), ("http", 80, 8082)).selects("app", "shopping-basket"));
    scene.deployment(&Deployment::new(NS, "search", mins(26), search()));
    scene.service(&Service::new(NS, "search", days(40), ("http", 80, 9200)));
    edge(scene);
}

fn configuration(scene: &mut Scene) {
    let settings = "currency: EUR\nfeatures:\n  giftcards: true\n  express: false\n";
    scene.config_map(NS, "shop-settings", days(33), &[("settings.yaml", settings), ("LOG_LEVEL", "info")]);
    let database = [("username", "orders"), ("password", "demo-not-a-password"), ("host", "orders-db.shop.svc")];
    scene.secret(NS, "orders-database", "Opaque", days(63), &database);
    let certificate = [("tls.crt", "demo certificate"), ("tls.key", "demo key")];
    scene.secret(NS, "shop-example-tls", "kubernetes.io/tls", days(70), &certificate);
}

fn frontend() -> Template {
    let frontend = Container::new("frontend", "registry.oakshop.example/frontend:7.4.2")
        .port("http", 8080)
        .ready_at("/ready")
        .requests("100m", "96Mi")
        .limits("500m", "192Mi")
        .env("CATALOG_URL", "http://catalog.shop.svc")
        .env("BASKET_URL", "http://basket.shop.svc")
        .uses(37, 71)
        .says(Script {
            opening: &["level=info msg=\"frontend 7.4.2 listening\" addr=:8080"],
            cycle: &[
                "level=info msg=request method=GET path=/ status=200 ms={n}",
                "level=info msg=request method=GET path=/products/{n} status=200 ms=41",
                "level=warn msg=\"basket unavailable, rendering page without it\" err=\"dial tcp: connect: connection refused\"",
                "level=info msg=request method=GET path=/search?q=oak status=503 ms={n}",
                "level=info msg=request method=POST path=/checkout status=502 ms={n}",
            ],
            every: secs(11),
        });
    Template::of(frontend)
}

fn catalog() -> Template {
    let catalog = Container::new("catalog", "registry.oakshop.example/catalog:3.11.0")
        .port("http", 8080)
        .ready_at("/healthz")
        .requests("50m", "128Mi")
        .limits("250m", "256Mi")
        .uses(12, 118)
        .says(Script {
            opening: &["catalog 3.11.0 starting", "loaded 18422 products in 912 ms", "serving on :8080"],
            cycle: &[
                "cache refreshed, {n} products changed",
                "GET /v2/products?page=3 200 {n}us",
                "GET /v2/products/{n} 200 804us",
            ],
            every: secs(17),
        });
    Template::of(catalog)
}

fn orders_container(image: &'static str, host: &str) -> Container {
    Container::new("orders", image)
        .port("http", 8081)
        .requests("50m", "64Mi")
        .limits("250m", "128Mi")
        .env("DATABASE_HOST", host)
        .secret_env("DATABASE_PASSWORD", "orders-database", "password")
}

fn orders() -> Template {
    let dying = orders_container("registry.oakshop.example/orders:2.6.0", "orders-bd.shop.svc")
        .fate(Fate::Crashing { restarts: 12, exit_code: 1, reason: "Error" })
        .says(Script {
            opening: &[
                "INFO  orders 2.6.0 starting, revision 8c1f2e4",
                "INFO  reading settings from environment",
                "INFO  connecting to database at orders-bd.shop.svc:5432",
                "WARN  attempt 1 of 3: lookup orders-bd.shop.svc on 10.96.0.10:53: no such host",
                "WARN  attempt 2 of 3: lookup orders-bd.shop.svc on 10.96.0.10:53: no such host",
                "WARN  attempt 3 of 3: lookup orders-bd.shop.svc on 10.96.0.10:53: no such host",
                "FATAL cannot reach the database, giving up: check DATABASE_HOST",
            ],
            cycle: &[],
            every: secs(1),
        });
    Template::of(dying)
}

fn orders_before() -> Template {
    Template::of(orders_container("registry.oakshop.example/orders:2.5.3", "orders-db.shop.svc"))
}

fn basket() -> Template {
    let basket = Container::new("basket", "registry.oakshop.example/basket:1.19.4")
        .port("http", 8082)
        .ready_at("/healthz")
        .requests("25m", "48Mi")
        .uses(3, 29)
        .says(Script {
            opening: &["basket 1.19.4 up on :8082"],
            cycle: &["GET /healthz 200", "no basket requests in the last minute"],
            every: secs(60),
        });
    Template::of(basket)
}

fn search() -> Template {
    let probe = "HTTP probe failed with statuscode: 503";
    let search = Container::new("search", "registry.oakshop.example/search:0.42.1")
        .port("http", 9200)
        .ready_at("/_ready")
        .requests("200m", "512Mi")
        .fate(Fate::Unready { probe })
        .uses(210, 402)
        .says(Script {
            opening: &["search 0.42.1 booting", "index products-v9 not found, waiting for the indexer"],
            cycle: &["still waiting for index products-v9 (attempt {n})", "GET /_ready 503 index not loaded"],
            every: secs(10),
        });
    Template::of(search)
}

/// What stands between the shop and the world.
fn edge(scene: &mut Scene) {
    let mut metadata = scene.metadata(NS, "storefront", days(70));
    metadata["generation"] = json!(3);
    let path = |path: &str, service: &str| {
        let backend = json!({ "service": { "name": service, "port": { "name": "http" } } });
        json!({ "path": path, "pathType": "Prefix", "backend": backend })
    };
    let paths = [path("/", "frontend"), path("/api/basket", "basket"), path("/api/search", "search")];
    scene.add(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata,
        "spec": {
            "ingressClassName": "oak-edge",
            "rules": [{ "host": "oakshop.example", "http": { "paths": paths } }],
            "tls": [{ "hosts": ["oakshop.example"], "secretName": "shop-example-tls" }],
        },
        "status": { "loadBalancer": { "ingress": [{ "ip": "203.0.113.24" }] } },
    }));
    let metadata = scene.metadata("", "oak-edge", days(212));
    let spec = json!({ "controller": "oakshop.example/edge" });
    let kind = "IngressClass";
    scene.add(json!({ "apiVersion": "networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec }));
    let mut metadata = scene.metadata(NS, "catalog-from-frontend", days(120));
    metadata["generation"] = json!(1);
    let ports = json!([{ "protocol": "TCP", "port": 8080 }]);
    let peers = json!([{ "podSelector": { "matchLabels": { "app": "frontend" } } }]);
    scene.add(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata,
        "spec": {
            "podSelector": { "matchLabels": { "app": "catalog" } }, "policyTypes": ["Ingress"],
            "ingress": [{ "ports": ports, "from": peers }],
        },
    }));
    disruption_budget(scene);
}

fn disruption_budget(scene: &mut Scene) {
    let mut metadata = scene.metadata(NS, "frontend", days(120));
    metadata["generation"] = json!(1);
    scene.add(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata,
        "spec": { "minAvailable": 2, "selector": { "matchLabels": { "app": "frontend" } } },
        "status": {
            "observedGeneration": 1, "currentHealthy": 3, "desiredHealthy": 2, "disruptionsAllowed": 1, "expectedPods": 3,
        },
    }));
}
