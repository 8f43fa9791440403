//! A policy file that changes while an executor is attached.

use super::*;

#[tokio::test]
async fn the_server_is_told_what_is_let_through_now() {
    let script = script("echo hello");
    let file = script.dir.path().join("policy.yaml");
    std::fs::write(&file, "verbs: [get]").unwrap();
    let (address, mut attachments) = server().await;
    let _running = start(Config { policy_file: Some(file.clone()), ..config(&script, &[address]) }).await;
    let mut attachment = next(&mut attachments).await;
    attachment.welcome(LONG).await;
    assert_eq!(attachment.hello.capabilities.clone().unwrap().allowed_verbs, ["get"]);
    std::fs::write(&file, "verbs: [logs, version]\nsecrets: redact").unwrap();
    let Some(Said::Capabilities(capabilities)) = attachment.heard().await else { panic!("capabilities") };
    assert_eq!(capabilities.allowed_verbs, ["logs", "version"]);
    assert!(capabilities.restricted_resources.is_empty());
    attachment.run("a", 1, "get pods").await;
    assert_eq!(attachment.done().await.result.unwrap().outcome(), Outcome::Denied);
    attachment.run("b", 1, "version").await;
    assert_eq!(attachment.done().await.result.unwrap().outcome(), Outcome::Succeeded);
}
