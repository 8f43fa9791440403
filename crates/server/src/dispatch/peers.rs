//! Which servers live, as the last beat told.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::journal::Beat;

/// The servers as this one knows them.
#[derive(Default)]
pub(super) struct Peers {
    last: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    alive: HashSet<String>,
    dead: HashSet<String>,
}

impl Peers {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a beat in; says whether a server died since the last one.
    pub(super) fn update(&self, beat: Beat) -> bool {
        let mut last = self.lock();
        let dead: HashSet<String> = beat.dead.into_iter().collect();
        let died = dead.difference(&last.dead).next().is_some();
        *last = Seen { alive: beat.alive.into_iter().collect(), dead };
        died
    }

    /// Whether a server lives. One that no beat tells of was forgotten long ago.
    pub(super) fn lives(&self, tag: &str) -> bool {
        self.lock().alive.contains(tag)
    }

    /// Those that died not long ago: their open commands are everybody's to look after.
    pub(super) fn dead(&self) -> Vec<String> {
        self.lock().dead.iter().cloned().collect()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<String> {
        let last = self.lock();
        last.alive.union(&last.dead).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_death_is_told_once() {
        let peers = Peers::default();
        let beat = |alive: &[&str], dead: &[&str]| Beat {
            forgotten: false,
            alive: alive.iter().map(ToString::to_string).collect(),
            dead: dead.iter().map(ToString::to_string).collect(),
        };
        assert!(!peers.update(beat(&["a", "b"], &[])));
        assert!(peers.lives("b") && !peers.lives("c"));
        assert!(peers.update(beat(&["a"], &["b"])));
        assert!(!peers.update(beat(&["a"], &["b"])));
        assert!(!peers.update(beat(&["a", "b"], &[])), "it came back");
        assert_eq!((peers.all().len(), peers.dead().len()), (2, 0));
    }
}
