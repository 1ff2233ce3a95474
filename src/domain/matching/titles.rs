//! How alike two titles are. A likeness is only ever a suggestion.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Words of a title that are looked at.
const MOST_WORDS: usize = 24;
const MOST_WORD: usize = 40;

/// Words alike by less than this are different words. In per mille.
const LEAST_LIKENESS: u32 = 880;

const SAY_LITTLE: &[&str] = &[
    "a", "an", "and", "the", "of", "for", "with", "in", "der", "die", "das", "und", "mit", "für", "fur", "aus", "de",
    "la", "le", "et",
];

/// The words of a title: lower case, without accents, numbers apart from their units.
#[must_use]
pub fn words(title: &str) -> Vec<String> {
    let plain = title.nfkd().filter(|letter| !is_combining_mark(*letter));
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut digits = false;
    for letter in plain.flat_map(char::to_lowercase).chain([' ']) {
        let ends = !letter.is_alphanumeric() || (!word.is_empty() && letter.is_numeric() != digits);
        if ends && !word.is_empty() {
            let done = std::mem::take(&mut word);
            if !SAY_LITTLE.contains(&done.as_str()) && !words.contains(&done) {
                words.push(done);
            }
        }
        if letter.is_alphanumeric() && word.chars().count() < MOST_WORD {
            digits = letter.is_numeric();
            word.push(letter);
        }
    }
    words.truncate(MOST_WORDS);
    words
}

/// The words by which titles are found: those that say something by themselves.
#[must_use]
pub fn index_words(title: &str) -> Vec<String> {
    let mut words = words(title);
    words.retain(|word| word.chars().count() >= 3);
    words
}

/// How alike two titles' words are, from 0 to 100; 100 only for the same words.
/// Numbers count only when they are the same: 180 g is not 220 g.
#[must_use]
pub fn likeness(one: &[String], other: &[String]) -> u32 {
    let (there, back) = (coverage(one, other), coverage(other, one));
    if there == 0 || back == 0 {
        return 0;
    }
    // The harmonic mean: both must find themselves in the other.
    let mean = 2 * there * back / (there + back);
    let mean = if numbers_differ(one, other) { mean * 3 / 5 } else { mean };
    mean / 10
}

/// How much of one title's words the other has, in per mille of their letters.
fn coverage(of: &[String], by: &[String]) -> u32 {
    let weigh = |word: &String| u32::try_from(word.chars().count()).unwrap_or(u32::MAX).clamp(2, 12);
    let whole: u32 = of.iter().map(weigh).sum();
    let found: u32 = of
        .iter()
        .map(|word| {
            let best = by.iter().map(|other| alike(word, other)).max();
            weigh(word) * best.unwrap_or(0)
        })
        .sum();
    found.checked_div(whole).unwrap_or(0)
}

/// How alike two words are, in per mille.
fn alike(one: &str, other: &str) -> u32 {
    if one == other {
        return 1000;
    }
    if is_number(one) || is_number(other) {
        return 0;
    }
    let likeness = strsim::jaro_winkler(one, other) * 999.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is between 0 and 999"
    )]
    let likeness = likeness.clamp(0.0, 999.0) as u32;
    if likeness < LEAST_LIKENESS { 0 } else { likeness }
}

fn is_number(word: &str) -> bool {
    word.starts_with(char::is_numeric)
}

fn numbers_differ(one: &[String], other: &[String]) -> bool {
    let of = |words: &[String]| -> Vec<String> { words.iter().filter(|word| is_number(word)).cloned().collect() };
    let (one, other) = (of(one), of(other));
    !one.is_empty() && !other.is_empty() && one.iter().all(|number| !other.contains(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn score(one: &str, other: &str) -> u32 {
        likeness(&words(one), &words(other))
    }

    #[test]
    fn words_are_plain() {
        assert_eq!(words("Fig-Leaf Candle, 180g"), ["fig", "leaf", "candle", "180", "g"]);
        assert_eq!(words("Crème brûlée of the MUG mug"), ["creme", "brulee", "mug"]);
        assert_eq!(words("  "), Vec::<String>::new());
    }

    #[test]
    fn the_liker_title_comes_first() {
        let of = "Fig leaf candle 180 g";
        let ranked = [
            "Candle, fig leaf, 180g",
            "Fig leaf candles 180 g",
            "Fig leaf candle 220 g",
            "Ramen bowl",
        ];
        let scores: Vec<u32> = ranked.iter().map(|title| score(of, title)).collect();
        assert_eq!(scores[0], 100);
        assert_eq!(scores[3], 0);
        assert!(scores.windows(2).all(|pair| pair[0] > pair[1]), "{scores:?}");
        assert!(scores[2] < 70, "another size is no good match: {scores:?}");
    }

    proptest! {
        #[test]
        fn likeness_is_fair(one in "[a-z0-9 ]{0,30}", other in "\\PC{0,30}") {
            let there = score(&one, &other);
            prop_assert!(there <= 100);
            prop_assert_eq!(there, score(&other, &one));
            let itself = score(&one, &one);
            prop_assert_eq!(itself, if words(&one).is_empty() { 0 } else { 100 });
        }
    }
}
