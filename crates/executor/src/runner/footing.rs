//! What a command stands on from its judgement to its end.

use std::sync::Arc;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kubently_core::policy::Policy;

use crate::{Config, Error, engine::Engine};

/// A policy, the engine that runs what it lets through, and where commands without a namespace look. It is replaced as a
/// whole; a command keeps the one that it was judged by.
pub(crate) struct Footing {
    pub(crate) policy: Arc<Policy>,
    /// Has a policy of its own, because only discovery tells what a short name or a category means.
    pub(crate) engine: Arc<Engine>,
    pub(crate) default_namespace: Option<String>,
}

impl Footing {
    /// Makes the engines that `config` asks for ready, with its policy.
    pub(crate) async fn bind(config: &Config) -> Result<Self, Error> {
        let engine = Arc::new(Engine::bind(config).await?);
        let default_namespace = default_namespace(config).await;
        Ok(Self { policy: Arc::new(config.policy.clone()), engine, default_namespace })
    }

    /// The same with another policy.
    pub(crate) fn with_policy(&self, policy: Arc<Policy>) -> Self {
        Self { policy, engine: Arc::clone(&self.engine), default_namespace: self.default_namespace.clone() }
    }
}

/// The namespace of the kubeconfig's context, or of the pod; found where the engines find their cluster. Nothing where
/// none is found, which only kubectl can live with.
async fn default_namespace(config: &Config) -> Option<String> {
    let kube = match &config.kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path).ok()?;
            kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.ok()?
        }
        None => kube::Config::infer().await.ok()?,
    };
    Some(kube.default_namespace)
}
