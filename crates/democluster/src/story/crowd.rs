//! Many pods that are alike, for long lists.

use crate::scene::{Container, Deployment, Scene, Template, days};

const NAME: &str = "crowd";

pub(super) fn build(scene: &mut Scene, pods: u32) {
    if pods == 0 {
        return;
    }
    scene.namespace(NAME, days(9));
    let container = Container::new("main", "registry.oakshop.example/crowd/guest:1").requests("5m", "8Mi").uses(1, 6);
    scene.deployment(&Deployment::new(NAME, NAME, days(9), Template::of(container)).replicas(pods));
}
