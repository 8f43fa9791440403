//! Pods for tests: one with a huge log, one with a slow log.

use std::time::Duration;

use crate::scene::{Container, LogSource, PodPlan, Scene, Template, hours};

const NS: &str = "lab";
/// Lines of 128 bytes: 8 MiB.
const FIREHOSE_LINES: u64 = 65_536;
/// A minute of lines, unless the log is followed: then they do not end.
const SLOW_LINES: u64 = 300;
const SLOW_EVERY: Duration = Duration::from_millis(200);

pub(super) fn build(scene: &mut Scene) {
    let firehose = LogSource::Firehose { end: scene.now(), lines: FIREHOSE_LINES };
    let slow = LogSource::Paced { every: SLOW_EVERY, lines: SLOW_LINES };
    for (name, image, log) in [
        ("demo-firehose", "registry.oakshop.example/lab/firehose:1", firehose),
        ("demo-slow", "registry.oakshop.example/lab/slow:1", slow),
    ] {
        let template = Template::of(Container::new("main", image).requests("10m", "16Mi").uses(1, 6));
        scene.pod(&PodPlan::named(NS, name, template, hours(20)));
        scene.replace_log(NS, name, "main", log);
    }
}
