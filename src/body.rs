//! Reads request bodies, never more of them than a caller allows.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use futures::StreamExt as _;
use memmap2::MmapMut;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::error::AppError;

/// What is read and thrown away of a body that was refused.
const MOST_DRAINED: usize = 16 * 1024 * 1024;
const LONGEST_DRAIN: Duration = Duration::from_secs(5);
/// Refused bodies that are drained at once; others find a closed connection.
static DRAINS: Semaphore = Semaphore::const_new(16);

/// Reads a body of at most so many bytes.
pub async fn read(body: Body, most: usize) -> Result<Bytes, AppError> {
    read_while(body, most, |_| Ok(())).await
}

/// Reads a body of at most so many bytes; `may_grow` hears of each size before
/// it is reached, and can end the reading.
pub async fn read_while(
    body: Body,
    most: usize,
    mut may_grow: impl FnMut(usize) -> Result<(), AppError>,
) -> Result<Bytes, AppError> {
    // Refused by its announced length before a byte of it is read.
    if body.size_hint().lower() > most as u64 {
        drain(body);
        return Err(AppError::TooLarge(most));
    }
    let announced = body.size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok());
    let to_come = announced.map_or(most, |bytes| bytes.min(most));
    let mut stream = body.into_data_stream();
    let mut read = Read::Ordinary(Vec::new());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| AppError::Invalid {
            field: None,
            message: "the body broke off".to_owned(),
        })?;
        let size = read.len() + chunk.len();
        let grown = if size > most {
            Err(AppError::TooLarge(most))
        } else {
            may_grow(size)
        };
        if let Err(error) = grown {
            drain(Body::from_stream(stream));
            return Err(error);
        }
        read.add(&chunk, to_come)?;
    }
    Ok(read.into_bytes())
}

/// From here on a body has pages of its own.
const LARGE: usize = 256 * 1024;

/// What came of a body by now.
enum Read {
    Ordinary(Vec<u8>),
    Large(Pages),
}

/// Pages that are there once they are written to, and go at once when they are done with. An allocator would
/// copy a body as it grows, and keep for a while what the copies leave behind: several times the body itself.
struct Pages {
    map: MmapMut,
    filled: usize,
}

impl Read {
    fn len(&self) -> usize {
        match self {
            Self::Ordinary(read) => read.len(),
            Self::Large(pages) => pages.filled,
        }
    }

    /// Takes what comes next of at most `most` bytes.
    fn add(&mut self, chunk: &[u8], most: usize) -> Result<(), AppError> {
        if let Self::Ordinary(read) = self {
            if read.len() + chunk.len() <= LARGE {
                read.extend_from_slice(chunk);
                return Ok(());
            }
            let mut pages = Pages::of(most)?;
            pages.add(read)?;
            *self = Self::Large(pages);
        }
        match self {
            Self::Large(pages) => pages.add(chunk),
            Self::Ordinary(_) => Ok(()),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Ordinary(read) => read.into(),
            Self::Large(pages) => Bytes::from_owner(pages),
        }
    }
}

impl Pages {
    fn of(bytes: usize) -> Result<Self, AppError> {
        let map = MmapMut::map_anon(bytes).map_err(|error| {
            AppError::Unavailable(format!("there is no memory for a body of {bytes} bytes: {error}"))
        })?;
        Ok(Self { map, filled: 0 })
    }

    fn add(&mut self, chunk: &[u8]) -> Result<(), AppError> {
        let end = self.filled + chunk.len();
        let too_large = AppError::TooLarge(self.map.len());
        self.map
            .get_mut(self.filled..end)
            .ok_or(too_large)?
            .copy_from_slice(chunk);
        self.filled = end;
        Ok(())
    }
}

impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        &self.map[..self.filled]
    }
}

/// Whether a JSON text holds a string or a name with the character U+0000,
/// which `PostgreSQL` cannot store.
#[must_use]
pub fn holds_nul(json: &[u8]) -> bool {
    // Bare, it is no JSON; the search spares all others the second reading.
    let is_escaped = json.windows(6).any(|six| six == br"\u0000");
    is_escaped && serde_json::from_slice::<Value>(json).is_ok_and(|value| has_nul(&value))
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Goes on reading beside the answer: a connection that closes while its client
/// still sends would be reset, and the client would never see the answer.
#[expect(
    clippy::disallowed_methods,
    reason = "a stop need not wait for it: what it reads is thrown away"
)]
pub fn drain(body: Body) {
    let Ok(place) = DRAINS.try_acquire() else {
        return;
    };
    tokio::spawn(async move {
        let mut stream = body.into_data_stream();
        let mut left = MOST_DRAINED;
        let drained = async {
            while let Some(Ok(chunk)) = stream.next().await {
                match left.checked_sub(chunk.len()) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        };
        // Whoever sends too slowly or too much has been answered anyway.
        drop(tokio::time::timeout(LONGEST_DRAIN, drained).await);
        drop(place);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(sizes: &'static [usize]) -> Body {
        let chunk = |size: &usize| Ok::<_, std::io::Error>(Bytes::from(vec![0; *size]));
        Body::from_stream(futures::stream::iter(sizes.iter().map(chunk)))
    }

    #[tokio::test]
    async fn reads_up_to_the_limit() {
        assert_eq!(read(chunks(&[2, 3]), 5).await.expect("fits").len(), 5);
        for body in [chunks(&[2, 4]), Body::from(vec![0; 6])] {
            let error = read(body, 5).await.expect_err("too large");
            assert!(matches!(error, AppError::TooLarge(5)), "{error}");
        }
    }

    #[tokio::test]
    async fn a_large_body_is_as_it_came() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(3 * LARGE + 7).collect();
        for size in [LARGE / 2, LARGE, LARGE + 1, 1000] {
            let chunks: Vec<_> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
            let chunks = futures::stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>));
            let read = read(Body::from_stream(chunks), bytes.len()).await.expect("fits");
            assert!(read == bytes, "in pieces of {size}");
        }
        let whole = read(Body::from(bytes.clone()), 2 * bytes.len()).await;
        assert!(whole.expect("fits") == bytes, "with its length announced");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_too_large() {
        let broken = futures::stream::iter([Ok(Bytes::from_static(b"a")), Err(std::io::Error::other("gone"))]);
        let error = read(Body::from_stream(broken), 5).await.expect_err("broke off");
        assert!(matches!(error, AppError::Invalid { .. }), "{error}");
    }

    #[test]
    fn finds_the_character_and_not_its_spelling() {
        for json in [r#"{"a": ["x\u0000"]}"#, r#"{"a\u0000": 1}"#, r#""\u0000""#] {
            assert!(holds_nul(json.as_bytes()), "{json}");
        }
        for json in [r#"{"a": "\\u0000"}"#, r#"{"a": "\u0001"}"#, r#"{"a": "\u0000"#] {
            assert!(!holds_nul(json.as_bytes()), "{json}");
        }
    }

    #[tokio::test]
    async fn asks_before_it_grows() {
        let most_two = |size| {
            if size > 2 {
                Err(AppError::Unavailable(String::new()))
            } else {
                Ok(())
            }
        };
        let error = read_while(chunks(&[1, 1, 1]), 5, most_two).await.expect_err("refused");
        assert!(matches!(error, AppError::Unavailable(_)), "{error}");
    }
}
