use std::path::PathBuf;

use kubently_core::{
    command::{CommandResult, Outcome},
    policy::Policy,
};
use tokio::time::timeout;

use super::*;
use crate::{
    EngineKind,
    spool::{LinkId, Parcel},
    testing::{Demo, SOON, demo, job, script},
};

const LINK: LinkId = LinkId(1);

/// A runner on the demo cluster whose policy comes from a file.
struct Scene {
    file: PathBuf,
    runner: Arc<Runner>,
    source: Source,
    config: Config,
    _demo: Demo,
    _dir: tempfile::TempDir,
}

impl Scene {
    async fn new(text: &str) -> Self {
        let (demo, dir) = (demo(kubently_democluster::Config::default()).await, tempfile::tempdir().unwrap());
        let file = dir.path().join("policy.yaml");
        std::fs::write(&file, text).unwrap();
        let source = Source::open(Policy::default(), Some(file.clone())).await.unwrap();
        let config = Config {
            engine: EngineKind::Native,
            kubeconfig: Some(demo.kubeconfig.clone()),
            policy: (*source.live().current()).clone(),
            ..crate::testing::config("http://127.0.0.1:1")
        };
        let footing = Footing::bind(&config).await.unwrap();
        let runner = Arc::new(Runner::new(footing, 4, 16 << 20, Arc::default()));
        Self { file, runner, source, config, _demo: demo, _dir: dir }
    }

    async fn run(&self, id: &str, line: &str) -> Arc<CommandResult> {
        self.runner.start(job(id, line), LINK);
        loop {
            if let Parcel::Done { id: ended, epoch, result, .. } =
                timeout(SOON, self.runner.spool().next(LINK)).await.expect("a result")
                && *ended == *id
            {
                self.runner.spool().acknowledge(id, epoch);
                return result;
            }
        }
    }
}

#[tokio::test]
async fn a_new_policy_judges_and_reaches_the_engine_too() {
    let mut scene = Scene::new("mode: readOnly").await;
    // What "belt" stands for is known to discovery alone.
    assert_eq!(scene.run("a", "get belt -A").await.outcome, Outcome::Succeeded);
    let mut changes = scene.runner.changes();
    let (live, config, runner) = (scene.source.live(), scene.config.clone(), Arc::clone(&scene.runner));
    let renewing = tokio::spawn(async move { renew(live, &config, &runner).await });
    std::fs::write(&scene.file, "resources: {deny: [conveyors]}\nverbs: [get]").unwrap();
    scene.source.look().await;
    let policy = scene.source.live().current();
    let first = Arc::clone(&scene.runner.footing().engine);
    let renewed = changes.wait_for(|footing| footing.policy == policy && !Arc::ptr_eq(&footing.engine, &first));
    drop(timeout(SOON, renewed).await.expect("a new engine").unwrap());
    let result = scene.run("b", "get belt -A").await;
    assert!(String::from_utf8_lossy(&result.stderr).contains("restricted-resource"), "{result:?}");
    let result = scene.run("c", "version").await;
    assert_eq!((result.outcome, result.message.contains("verb-not-allowed")), (Outcome::Denied, true));
    renewing.abort();
}

#[tokio::test]
async fn a_bad_file_changes_nothing() {
    let mut scene = Scene::new("verbs: [get]").await;
    let (live, config, runner) = (scene.source.live(), scene.config.clone(), Arc::clone(&scene.runner));
    let mut outdated = scene.source.live();
    let renewing = tokio::spawn(async move { renew(live, &config, &runner).await });
    std::fs::write(&scene.file, "verbs: [fly]").unwrap();
    scene.source.look().await;
    timeout(SOON, outdated.changed()).await.unwrap();
    assert!(matches!(outdated.standing(), kubently_policy::Standing::Outdated(_)));
    assert_eq!(scene.run("a", "version").await.outcome, Outcome::Denied);
    assert_eq!(scene.run("b", "get pods -n shop").await.outcome, Outcome::Succeeded);
    renewing.abort();
}

#[tokio::test]
async fn a_command_without_a_namespace_counts_for_the_kubeconfigs() {
    let scene = Scene::new("namespaces: {allow: [default]}").await;
    assert_eq!(scene.runner.footing().default_namespace.as_deref(), Some("default"));
    assert_eq!(scene.run("a", "get pods").await.outcome, Outcome::Succeeded);
    for (id, line) in
        [("b", "get pods -n shop"), ("c", "get pods -A"), ("d", "get nodes"), ("e", "get belt -n default")]
    {
        let result = scene.run(id, line).await;
        assert_eq!(result.outcome, Outcome::Denied, "{line}: {result:?}");
        assert!(result.message.contains("not-allowed"), "{line}: {result:?}");
    }
}

#[tokio::test]
async fn at_start_a_bad_file_is_an_error() {
    let script = script("true");
    let file = script.dir.path().join("policy.yaml");
    std::fs::write(&file, "verbs: [fly]").unwrap();
    let config = Config { policy_file: Some(file), ..script.config() };
    let error = crate::bind(config).await.err().unwrap().to_string();
    assert!(error.contains("policy.yaml: verbs[0] (line 1): must be one of get,"), "{error}");
}
