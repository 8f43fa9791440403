use std::{fs, os::unix::fs::symlink, time::Duration};

use kubently_core::kubectl::Verb;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

/// Far beyond any wait in a test that works; where time is paused it passes by itself.
const SOON: Duration = Duration::from_secs(60);

struct Scene {
    dir: TempDir,
    path: PathBuf,
}

impl Scene {
    fn new(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("policy.yaml");
        fs::write(&path, text).unwrap();
        Self { dir, path }
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(&self.path, text).unwrap();
    }

    async fn open(&self) -> Source {
        Source::open(Policy::default(), Some(self.path.clone())).await.unwrap()
    }
}

async fn next(live: &mut Live) {
    timeout(SOON, live.changed()).await.expect("the change is noticed");
}

fn verbs(live: &Live) -> Vec<Verb> {
    live.current().allowed_verbs().to_vec()
}

#[tokio::test(start_paused = true)]
async fn a_good_change_is_taken() {
    let scene = Scene::new("verbs: [get]");
    let source = scene.open().await;
    let mut live = source.live();
    let keeping = tokio::spawn(source.keep());
    assert_eq!((verbs(&live), live.standing()), (vec![Verb::Get], Standing::Current));
    let judged_before = live.current();
    scene.write("verbs: [logs]");
    next(&mut live).await;
    assert_eq!((verbs(&live), live.standing()), (vec![Verb::Logs], Standing::Current));
    assert_eq!(judged_before.allowed_verbs(), [Verb::Get]);
    keeping.abort();
}

#[tokio::test(start_paused = true)]
async fn a_bad_file_keeps_the_old_policy_until_it_is_mended() {
    let scene = Scene::new("verbs: [get]");
    let source = scene.open().await;
    let mut live = source.live();
    let keeping = tokio::spawn(source.keep());
    let bad: [(&[u8], &str); 5] = [
        (b"verbs: [delete]", "verbs[0] (line 1)"),
        (b"verbs: [get", "line 1"),
        (b"", "says nothing"),
        (b"mode: \xff", "UTF-8"),
        (&[b'#'; (256 << 10) + 1], "256 KiB"),
    ];
    for (content, reason) in bad {
        scene.write(content);
        next(&mut live).await;
        let Standing::Outdated(said) = live.standing() else { panic!("{reason}") };
        assert!(said.contains(reason) && said.contains("policy.yaml"), "{said}");
        assert_eq!(verbs(&live), [Verb::Get]);
    }
    fs::remove_file(&scene.path).unwrap();
    next(&mut live).await;
    assert!(matches!(live.standing(), Standing::Outdated(_)));
    // What it said at first is good again.
    scene.write("verbs: [get]");
    next(&mut live).await;
    assert_eq!((verbs(&live), live.standing()), (vec![Verb::Get], Standing::Current));
    keeping.abort();
}

/// A mounted ConfigMap: the file is a link through `..data`, which is swapped for another folder.
#[tokio::test(start_paused = true)]
async fn a_swapped_link_is_a_change() {
    let dir = tempfile::tempdir().unwrap();
    for (version, text) in [("one", "verbs: [get]"), ("two", "verbs: [logs]")] {
        fs::create_dir(dir.path().join(version)).unwrap();
        fs::write(dir.path().join(version).join("policy.yaml"), text).unwrap();
    }
    symlink("one", dir.path().join("..data")).unwrap();
    symlink("..data/policy.yaml", dir.path().join("policy.yaml")).unwrap();
    let source = Source::open(Policy::default(), Some(dir.path().join("policy.yaml"))).await.unwrap();
    let mut live = source.live();
    let keeping = tokio::spawn(source.keep());
    symlink("two", dir.path().join("..data_tmp")).unwrap();
    fs::rename(dir.path().join("..data_tmp"), dir.path().join("..data")).unwrap();
    next(&mut live).await;
    assert_eq!(verbs(&live), [Verb::Logs]);
    keeping.abort();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_still_being_written_is_not_taken() {
    let scene = Scene::new("verbs: [get]");
    let mut source = scene.open().await;
    let live = source.live();
    scene.write("mode: readOnly\n");
    let path = scene.path.clone();
    let (_, ()) = tokio::join!(source.look(), async move {
        sleep(SETTLE / 2).await;
        fs::write(path, "mode: readOnly\nverbs: [logs]\n").unwrap();
    });
    assert_eq!(verbs(&live), [Verb::Get]);
    source.look().await;
    assert_eq!(verbs(&live), [Verb::Logs]);
}

#[tokio::test(start_paused = true)]
async fn what_has_not_changed_is_no_change() {
    let scene = Scene::new("verbs: [get]");
    let mut source = scene.open().await;
    let mut live = source.live();
    scene.write("verbs: [get]");
    source.look().await;
    scene.write("verbs: [nothing]");
    source.look().await;
    next(&mut live).await;
    // The same bad file is said once.
    source.look().await;
    assert!(!live.0.has_changed().unwrap());
}

#[tokio::test]
async fn at_start_a_bad_file_is_an_error() {
    let scene = Scene::new("verbs: [get, fly]");
    let error = Source::open(Policy::default(), Some(scene.path.clone())).await.unwrap_err();
    assert!(error.to_string().contains("policy.yaml: verbs[1] (line 1): must be one of get,"), "{error}");
    for (path, reason) in
        [(scene.dir.path().join("missing"), "No such file"), (scene.dir.path().to_owned(), "is not a file")]
    {
        let error = load(&path).await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_file_nothing_changes() {
    let policy = Policy::default().with_allowed_verbs(vec![Verb::TopPod]);
    let mut source = Source::open(policy.clone(), None).await.unwrap();
    let mut live = source.live();
    source.look().await;
    assert_eq!((&*live.current(), live.standing()), (&policy, Standing::BuiltIn));
    drop(source);
    assert!(timeout(PERIOD * 2, live.changed()).await.is_err());
}
