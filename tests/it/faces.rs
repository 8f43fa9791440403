//! The main job, over every face and every executor transport, in memory and over Redis. Over Redis
//! the caller's server is never the executor's.

use kubently_executor::TransportKind;

use crate::sandbox::{CLUSTER, Kind, Sandbox, face::Face};

async fn the_main_job(kind: Kind, transport: TransportKind) {
    let sandbox = Sandbox::start(kind).await;
    let _executor = sandbox.executor(transport).await;
    for face in [Face::Grpc, Face::Rest, Face::Cli] {
        let seen = face.run(&sandbox, CLUSTER, &["get", "pods", "-n", "shop"]).await;
        assert_eq!(seen.exit_code, 0, "{face:?}: {seen:?}");
        assert!(seen.stdout.starts_with("NAME "), "{face:?}: {seen:?}");
        assert!(seen.stdout.contains("CrashLoopBackOff"), "{face:?}: {seen:?}");

        let failed = face.run(&sandbox, CLUSTER, &["get", "pod", "no-such-pod", "-n", "shop"]).await;
        assert_eq!(failed.exit_code, 1, "{face:?}: {failed:?}");
        assert!(failed.stderr.contains("pods \"no-such-pod\" not found"), "{face:?}: {failed:?}");
        assert_eq!(failed.stdout, "", "{face:?}");
    }
}

macro_rules! matrix {
    ($($name:ident: $kind:ident $transport:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread")] async fn $name() {
            the_main_job(Kind::$kind, TransportKind::$transport).await;
        })*
    };
}

matrix! {
    memory_grpc: Memory Grpc,
    memory_sse: Memory Sse,
    memory_smart: Memory Smart,
    memory_legacy: Memory Legacy,
    redis_grpc: Redis Grpc,
    redis_sse: Redis Sse,
    redis_smart: Redis Smart,
    redis_legacy: Redis Legacy,
}
