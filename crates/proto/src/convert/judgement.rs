//! What is decided about a command that is not run.

use kubently_core::policy::Judgement;

use crate::v1;

/// A judgement as the wire says it.
#[must_use]
pub fn judgement_to_wire(judgement: &Judgement) -> v1::CheckCommandResponse {
    let refusal = judgement.refusal.as_ref();
    let text = |read: fn(&kubently_core::refusal::Refusal) -> String| refusal.map(read).unwrap_or_default();
    v1::CheckCommandResponse {
        allowed: judgement.is_allowed(),
        rule: text(|refusal| refusal.rule.as_str().to_owned()),
        setting: judgement.setting.map(|setting| setting.as_str().to_owned()).unwrap_or_default(),
        argument: text(|refusal| refusal.argument.clone().unwrap_or_default()),
        argument_index: refusal.and_then(|refusal| refusal.index).and_then(|index| u32::try_from(index).ok()),
        message: text(|refusal| refusal.message.clone()),
        alternatives: text(|refusal| refusal.allowed.clone()),
        argv: judgement.argv.clone(),
    }
}

#[cfg(test)]
mod tests {
    use kubently_core::policy::{Context, Policy};

    use super::*;

    fn judged(line: &str) -> v1::CheckCommandResponse {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        judgement_to_wire(&Policy::default().judge(&argv, Context::default()))
    }

    #[test]
    fn an_allowed_command_has_only_its_vector() {
        let argv = ["get", "po", "--namespace=shop"].map(str::to_owned).to_vec();
        let expected = v1::CheckCommandResponse { allowed: true, argv, ..Default::default() };
        assert_eq!(judged("get po -n shop"), expected);
    }

    #[test]
    fn a_refused_command_says_who_refused_it_and_what_would_be_allowed() {
        let policy = judged("get secrets");
        assert_eq!(
            (policy.allowed, policy.rule.as_str(), policy.setting.as_str()),
            (false, "restricted-resource", "secrets")
        );
        assert_eq!((policy.argument.as_str(), policy.argument_index, policy.argv.len()), ("secrets", None, 2));
        assert!(policy.message.contains("secrets") && policy.alternatives.contains("other resources"));
        let grammar = judged("get pods --token=hunter2");
        assert_eq!((grammar.rule.as_str(), grammar.setting.as_str(), grammar.argv.len()), ("denied-flag", "", 0));
        assert_eq!((grammar.argument.as_str(), grammar.argument_index), ("--token", Some(2)));
    }
}
