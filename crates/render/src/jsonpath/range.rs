//! Carrying out a whole template: `{range …}` to `{end}`, and what stands between.
//!
//! Where a range ends is found out while it is carried out, as in client-go, so unbalanced ones do what they do there.

use serde_json::Value;

use super::{
    Budget, Error, Found,
    eval::{Eval, Ranges},
    node::Node,
};

/// Most ranges in ranges.
const MAX_DEPTH: usize = 64;

type Lists<'a> = Vec<Vec<Found<'a>>>;

/// What `nodes` find in `object`: a list for each text and each expression.
pub(super) fn find<'a>(
    nodes: &'a [Node],
    allow_missing: bool,
    object: &'a Value,
    budget: &mut Budget<'_>,
) -> Result<Lists<'a>, Error> {
    let start = if object.is_null() { Found::Nothing } else { Found::Bare(object) };
    let mut run = Run { nodes, eval: Eval::new(allow_missing, budget), last_end: None };
    let found = run.block(start, 0, 0)?;
    // The last thing that was asked may have failed for this alone.
    run.eval.visit(0).map_err(|failed| failed.error)?;
    Ok(found)
}

struct Run<'a, 'b, 'o> {
    nodes: &'a [Node],
    eval: Eval<'b, 'o>,
    /// The `{end}` that was met last.
    last_end: Option<usize>,
}

impl<'a> Run<'a, '_, '_> {
    /// From the node `first` to the end of its block.
    fn block(&mut self, current: Found<'a>, first: usize, depth: usize) -> Result<Lists<'a>, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new("the template has too many ranges in ranges"));
        }
        let mut lists = Vec::new();
        let mut at = first;
        while let Some(node) = self.nodes.get(at) {
            let found = self.eval.node(vec![current], node).map_err(|failed| failed.error)?;
            let Ranges { begun, inside, ended } = &mut self.eval.ranges;
            if *ended > 0 && *ended <= *inside {
                *ended -= 1;
                self.last_end = Some(at);
                break;
            }
            if *begun > 0 {
                *begun -= 1;
                *inside += 1;
                lists.extend(self.range(found, at + 1, depth)?);
                self.eval.ranges.inside -= 1;
                at = self.last_end.filter(|end| *end > at).unwrap_or(at);
            } else {
                lists.push(found);
            }
            at += 1;
        }
        Ok(lists)
    }

    /// The block behind a `range`, once for each value; for none it is walked through to find its end.
    fn range(&mut self, found: Vec<Found<'a>>, first: usize, depth: usize) -> Result<Lists<'a>, Error> {
        if found.is_empty() {
            self.block(Found::Nothing, first, depth + 1)?;
            return Ok(Vec::new());
        }
        let mut lists = Vec::new();
        for one in found {
            let current = one.value().map_or(if let Found::Byte(_) = one { one } else { Found::Nothing }, Found::Bare);
            lists.extend(self.block(current, first, depth + 1)?);
        }
        Ok(lists)
    }
}
