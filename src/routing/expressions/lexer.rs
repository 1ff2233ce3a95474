//! Cuts a condition into words.

use rust_decimal::Decimal;

use super::ExpressionError;

/// A word, and the character at which it begins, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A field, or a word of the language.
    Name(String),
    Text(String),
    Number(Decimal),
    /// Brackets, commas and comparisons.
    Sign(&'static str),
    End,
}

/// Longer ones first: “<” also begins “<=”.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "(", ")", "[", "]", ",", "!",
];

pub fn words(text: &str) -> Result<Vec<Word>, ExpressionError> {
    let characters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = characters.get(at) {
        if first.is_whitespace() {
            at += 1;
            continue;
        }
        let (kind, length) = word(&characters[at..]).map_err(|message| ExpressionError { at: at + 1, message })?;
        words.push(Word { at: at + 1, kind });
        at += length;
    }
    let at = characters.len() + 1;
    words.push(Word { at, kind: Kind::End });
    Ok(words)
}

/// The first word and how many characters it takes.
fn word(rest: &[char]) -> Result<(Kind, usize), String> {
    let run = |fits: fn(&char) -> bool| rest.iter().take_while(|c| fits(c)).count();
    let read = |length: usize| rest[..length].iter().collect::<String>();
    match rest[0] {
        quote @ ('"' | '\'') => {
            let inside = rest[1..].iter().take_while(|c| **c != quote).count();
            if inside + 1 == rest.len() {
                return Err(format!("the text that begins here has no closing {quote}"));
            }
            Ok((Kind::Text(rest[1..=inside].iter().collect()), inside + 2))
        }
        first if first.is_ascii_digit() || (first == '-' && rest.get(1).is_some_and(char::is_ascii_digit)) => {
            let length = 1 + rest[1..]
                .iter()
                .take_while(|c| c.is_ascii_digit() || **c == '.')
                .count();
            let number = read(length);
            let parsed = Decimal::from_str_exact(&number).map_err(|_| format!("“{number}” is not a number"))?;
            Ok((Kind::Number(parsed), length))
        }
        first if first.is_alphabetic() => {
            let length = run(|c| c.is_alphanumeric() || *c == '_' || *c == '.');
            Ok((Kind::Name(read(length)), length))
        }
        first => {
            let next: String = rest.iter().take(2).collect();
            let sign = SIGNS.iter().find(|sign| next.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("“{first}” means nothing here"))?;
            Ok((Kind::Sign(sign), sign.len()))
        }
    }
}
