//! The cluster's OpenAPI v3 documents, one for each group version; some are large, so they are kept for a while.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use kubently_render::explain::Document;
use serde::Deserialize;

use super::super::{
    api::{Api, JSON},
    fault::Fault,
};

/// Documents that are kept; people look at few group versions.
const MAX_DOCUMENTS: usize = 8;
/// Size of the answers whose documents are kept, in bytes. A document takes less room than its answer, mostly.
const MAX_BYTES: usize = 32 << 20;
/// Where the index is.
const INDEX: &str = "/openapi/v3";
/// What the address of a document has that changes when the document does.
const HASH: &str = "?hash=";

/// The documents that were read last.
#[derive(Default)]
pub(in super::super) struct Documents {
    kept: Mutex<VecDeque<Kept>>,
}

/// A document with its address, which has a hash of it, so that it is never stale.
struct Kept {
    address: String,
    document: Arc<Document>,
    /// The answer's size.
    bytes: usize,
}

/// The answer that says where the documents are.
#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    paths: HashMap<String, Place>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(rename = "serverRelativeURL", default)]
    address: String,
}

impl Documents {
    /// The document of a group version; none when the cluster has none.
    pub(super) async fn get(&self, api: &Api<'_>, group: &str, version: &str) -> Result<Option<Arc<Document>>, Fault> {
        let path = if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        let index: Index = api.read(INDEX, JSON).await?;
        let Some(place) = index.paths.get(&path) else { return Ok(None) };
        // Nothing but a document's address is followed, whatever the answer says.
        let own = format!("{INDEX}/{path}");
        let address = if place.address.starts_with(&own) { &place.address } else { &own };
        if let Some(document) = self.kept(address) {
            return Ok(Some(document));
        }
        let answer = api.get(address, JSON).await.map_err(|fault| not_fetched(&path, fault))?;
        let document = Document::read(&answer)
            .map_err(|error| Fault::Plain(format!("failed to parse openapi schema for {path}: {error}")))?;
        let document = Arc::new(document);
        if address.contains(HASH) {
            self.keep(address, &document, answer.len());
        }
        Ok(Some(document))
    }

    fn kept(&self, address: &str) -> Option<Arc<Document>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|kept| kept.address == address).map(|kept| Arc::clone(&kept.document))
    }

    fn keep(&self, address: &str, document: &Arc<Document>, bytes: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|kept| kept.address == address) {
            return;
        }
        kept.push_back(Kept { address: address.to_owned(), document: Arc::clone(document), bytes });
        while kept.len() > MAX_DOCUMENTS || kept.iter().map(|kept| kept.bytes).sum::<usize>() > MAX_BYTES {
            kept.pop_front();
        }
    }
}

/// kubectl's words for a document that cannot be had.
fn not_fetched(path: &str, fault: Fault) -> Fault {
    match fault {
        Fault::Api(status) => Fault::Plain(format!("failed to fetch openapi schema for {path}: {}", status.message)),
        fault => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(documents: &Documents, address: &str, bytes: usize) {
        documents.keep(address, &Arc::new(Document::default()), bytes);
    }

    fn addresses(documents: &Documents) -> Vec<String> {
        documents.kept.lock().unwrap().iter().map(|kept| kept.address.clone()).collect()
    }

    #[test]
    fn only_some_documents_are_kept() {
        let documents = Documents::default();
        (0..MAX_DOCUMENTS + 2).for_each(|at| keep(&documents, &at.to_string(), 1));
        assert_eq!(addresses(&documents), ["2", "3", "4", "5", "6", "7", "8", "9"]);
        assert!(documents.kept("9").is_some() && documents.kept("1").is_none());
        keep(&documents, "9", 1);
        assert_eq!(addresses(&documents).len(), MAX_DOCUMENTS);
    }

    #[test]
    fn large_documents_push_others_out() {
        let documents = Documents::default();
        keep(&documents, "a", MAX_BYTES / 2);
        keep(&documents, "b", MAX_BYTES / 2);
        assert_eq!(addresses(&documents), ["a", "b"]);
        keep(&documents, "c", 1);
        assert_eq!(addresses(&documents), ["b", "c"]);
        keep(&documents, "d", MAX_BYTES + 1);
        assert!(addresses(&documents).is_empty());
    }
}
