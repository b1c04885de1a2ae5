//! The known key that a person probably meant.

use std::collections::BTreeSet;

use strsim::damerau_levenshtein;

/// Says what to do about the unknown `key`: the nearest known one, or what is known beside it.
pub(crate) fn next_step(key: &str, known: &BTreeSet<String>) -> String {
    if let Some(name) = nearest(key, known) {
        return format!("did you mean {name}?");
    }
    let mut level = parent(key);
    loop {
        let beside: Vec<&str> =
            known.iter().map(String::as_str).filter(|name| parent(name) == level).collect();
        match (beside.as_slice(), level) {
            ([], "") => return "remove it".to_owned(),
            ([], _) => level = parent(level),
            (names, "") => return format!("known keys: {}", names.join(", ")),
            (names, _) => return format!("known keys in {level}: {}", names.join(", ")),
        }
    }
}

/// Says which of the `choices` a wrong word probably meant.
pub(crate) fn choice(word: &str, choices: &[&str]) -> String {
    let known: BTreeSet<String> = choices.iter().map(|&name| name.to_owned()).collect();
    nearest(word, &known)
        .map_or_else(|| "choose one of them".to_owned(), |name| format!("did you mean {name}?"))
}

/// Far longer than any key; comparing costs the product of both lengths.
const LONGEST: usize = 200;

fn nearest<'a>(key: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    if key.len() > LONGEST {
        return None;
    }
    let lower = key.to_lowercase();
    // A longer name may have more typing mistakes; a short one with two is another name.
    let most = last(key).chars().count() / 4;
    let best = known
        .iter()
        .map(|name| (damerau_levenshtein(&lower, name), parent(name) != parent(key), name.as_str()))
        .min()
        .filter(|(distance, _, _)| *distance <= most.saturating_add(1));
    best.map(|(_, _, name)| name).or_else(|| elsewhere(&lower, known))
}

/// Finds the key that stands in another table than was thought, if there is exactly one.
fn elsewhere<'a>(key: &str, known: &'a BTreeSet<String>) -> Option<&'a str> {
    let mut same = known.iter().filter(|name| last(name) == last(key));
    match (same.next(), same.next()) {
        (Some(name), None) => Some(name),
        _ => None,
    }
}

fn parent(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |(parent, _)| parent)
}

fn last(key: &str) -> &str {
    key.rsplit_once('.').map_or(key, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(key: &str) -> String {
        let known = [
            "board",
            "board.kind",
            "broker",
            "broker.url",
            "motors",
            "motors.left",
            "motors.left.pwm",
            "motors.right.pwm",
        ];
        next_step(key, &known.map(str::to_owned).into())
    }

    #[test]
    fn a_slip_in_any_part_of_the_key_is_recognised() {
        assert_eq!(step("motors.lef.pwm"), "did you mean motors.left.pwm?");
        assert_eq!(step("motors.left.pmw"), "did you mean motors.left.pwm?");
        assert_eq!(step("brokre"), "did you mean broker?");
        assert_eq!(step("Broker.URL"), "did you mean broker.url?");
    }

    #[test]
    fn a_key_in_the_wrong_table_is_recognised_if_only_one_has_that_name() {
        assert_eq!(step("url"), "did you mean broker.url?");
        assert_eq!(step("board.pwm"), "known keys in board: board.kind");
    }

    #[test]
    fn a_stranger_gets_the_list_of_what_is_known_there() {
        assert_eq!(step("motors.left.colour"), "known keys in motors.left: motors.left.pwm");
        assert_eq!(step("galaxy.brain"), "known keys: board, broker, motors");
    }
}
