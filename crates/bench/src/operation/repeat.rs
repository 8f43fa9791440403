//! The same request under the same key, once more: it must lead to the same command.

use kubently_proto::v1::{ExecuteCommandRequest, SubmitCommandRequest};

use super::{Next, Operation};
use crate::{
    client::Word,
    history::{Event, Kind},
};

/// How often a repetition is tried.
const ATTEMPTS: usize = 5;

impl Operation {
    /// Sends it at the same time to another server; a refusal is not written
    /// down: it may have been judged before the first one was accepted.
    pub(crate) async fn run_beside(mut self) {
        self.turn += 1;
        let request = ExecuteCommandRequest { spec: Some(self.spec()), idempotency_key: self.key(), detach: true };
        match self.call(|mut debug| async move { debug.execute_command(request).await }).await {
            Ok(answer) => self.accepted_with_result(answer.command),
            Err(Word::Unsure(cause)) => self.note(Event::Unsure { cause }),
            Err(Word::Refused(_) | Word::Missing) => {}
        }
    }

    /// Asks after the run which command its key stands for.
    pub(crate) async fn repeat(mut self) {
        for _attempt in 0..ATTEMPTS {
            // In its own way: the same spec by another call is, to the system, another request.
            let repeated = match self.kind {
                Kind::Rest => self.post_again().await,
                Kind::Stream | Kind::SlowStream => self.first_word().await,
                Kind::Execute | Kind::SubmitWait | Kind::SubmitGet => self.submit_again().await,
            };
            // Without a word it is tried elsewhere; what is missing is for the reads to say.
            let Err(word @ (Word::Refused(_) | Word::Unsure(_))) = repeated else { return };
            if matches!(self.heed(word, None).await, Next::Over) {
                return;
            }
        }
    }

    async fn post_again(&self) -> Result<(), Word> {
        let answer = self.post().await?;
        self.rest_answered(&answer);
        Ok(())
    }

    async fn submit_again(&self) -> Result<(), Word> {
        let request = SubmitCommandRequest { spec: Some(self.spec()), idempotency_key: self.key() };
        let answer = self.call(|mut debug| async move { debug.submit_command(request).await }).await?;
        match answer.command {
            Some(command) => self.note(Event::Accepted { id: command.id }),
            None => self.malformed("an acceptance without a command"),
        }
        Ok(())
    }
}
