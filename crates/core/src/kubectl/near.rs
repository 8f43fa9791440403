//! What a misspelt word may have meant.

/// Longest word that is compared, in characters: no flag and no verb is longer.
const MAX_WORD: usize = 40;
/// Most letters that may be wrong.
const MAX_DISTANCE: usize = 2;

/// The first of the candidates that differ least from `word`, if any is close: at most two letters off, and fewer than
/// half of them.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(MAX_WORD + 1).collect();
    if word.len() > MAX_WORD {
        return None;
    }
    let distances = candidates.into_iter().map(|candidate| (distance(&word, candidate), candidate));
    let close = distances.filter(|(distance, _)| *distance <= MAX_DISTANCE && distance * 2 < word.len());
    close.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, added or removed (Levenshtein), row by row.
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (index, letter) in to.chars().enumerate() {
        let mut left = index + 1;
        let mut diagonal = std::mem::replace(&mut row[0], left);
        for (above, other) in row[1..].iter_mut().zip(from) {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = *above;
            left = replaced.min(diagonal + 1).min(left + 1);
            *above = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_close() {
        let words = ["get", "describe", "logs", "top"];
        for (word, found) in [
            ("gett", Some("get")),
            ("descibe", Some("describe")),
            ("discribee", Some("describe")),
            ("log", Some("logs")),
            ("tpo", None),
            ("x", None),
            ("", None),
            ("delete", None),
        ] {
            assert_eq!(nearest(word, words), found, "{word}");
        }
        assert_eq!(nearest(&"g".repeat(10_000), words), None);
    }

    #[test]
    fn counts_letters() {
        for (from, to, count) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("größe", "grosse", 3)]
        {
            assert_eq!(distance(&from.chars().collect::<Vec<_>>(), to), count, "{from} {to}");
        }
    }
}
