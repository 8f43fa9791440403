//! `POST /debug/execute`.

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{GRACE, Next, Operation};
use crate::{
    client::{Word, seen_in_json},
    history::Event,
    system::{API_KEY, CLUSTERS},
};

impl Operation {
    pub(super) async fn rest(&mut self) {
        loop {
            match self.post().await {
                Ok(answer) => return self.rest_answered(&answer),
                Err(word) => match self.heed(word, None).await {
                    Next::Again => {}
                    Next::Over => return,
                },
            }
        }
    }

    pub(super) fn rest_answered(&self, answer: &Value) {
        match seen_in_json(answer, self.server()) {
            Ok((id, seen)) => {
                self.note(Event::Accepted { id: id.clone() });
                self.note(Event::Answered { id, seen });
            }
            Err(what) => self.malformed(&what),
        }
    }

    pub(super) async fn post(&self) -> Result<Value, Word> {
        let body = json!({
            "cluster_id": CLUSTERS[self.cluster], "command_type": "get", "args": ["pods"],
            "namespace": self.marker.to_string(), "timeout_seconds": self.timeout.as_secs(),
        });
        let url = format!("{}/debug/execute", self.client.urls[self.server()]);
        let request = self.client.http.post(url).header("x-api-key", API_KEY).header("idempotency-key", self.key());
        let exchange = async {
            let answer = request.json(&body).send().await?;
            let status = answer.status();
            Ok((status, answer.json::<Value>().await?))
        };
        let exchange = timeout(self.timeout + GRACE, exchange).await;
        let exchange = exchange.map_err(|_elapsed| Word::Unsure("no answer in time".to_owned()))?;
        let (status, answer) = exchange.map_err(|error: reqwest::Error| Word::Unsure(error.to_string()))?;
        if status.is_success() {
            return Ok(answer);
        }
        let reason = answer["reason"].as_str().unwrap_or_default();
        Err(Word::of_reason(reason).unwrap_or_else(|| Word::Unsure(format!("{status}: {reason}"))))
    }
}
