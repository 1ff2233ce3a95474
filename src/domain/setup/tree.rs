//! A YAML document as a tree that remembers where everything stood.
//!
//! Knows the syntax only; what the keys mean is for `shape` and `check`. Anchors and tags are
//! refused: the file is data, and a document that expands itself has no place in it.

use std::fmt;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::Problem;

/// More nesting than any setup file has.
const MAX_DEPTH: usize = 32;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// One value and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Node {
    pub at: Position,
    pub value: Value,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    /// As written; `plain` is false for a quoted one, which is text whatever it looks like.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    pub key_at: Position,
    pub node: Node,
}

impl Node {
    /// Reads a document.
    ///
    /// # Errors
    /// The first mistake of syntax, a repeated key, an anchor, or a second document.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut reader = Reader {
            parser: Parser::new_from_str(text),
        };
        reader.expect_start()?;
        let (event, at) = reader.next()?;
        let node = reader.node(event, at, 0)?;
        reader.expect_end()?;
        Ok(node)
    }

    /// The value at a path, or the closest one above it that exists.
    #[must_use]
    pub fn nearest(&self, path: &Path) -> &Self {
        let mut node = self;
        for step in &path.0 {
            let below = match (&node.value, step) {
                (Value::Map(entries), Step::Key(key)) => entries.iter().find(|e| e.key == *key).map(|e| &e.node),
                (Value::List(items), Step::Index(index)) => items.get(*index),
                _ => None,
            };
            match below {
                Some(below) => node = below,
                None => break,
            }
        }
        node
    }
}

/// The way from the root to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Path {
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// A way that goes on from the end of this one.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self([self.0.as_slice(), rest.0.as_slice()].concat())
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

/// `suppliers[0].offers[2].cost`
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Position), Problem> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => return Ok((event, position(&span))),
                Some(Err(error)) => return Err(syntax(&error)),
                None => return Err(problem(Position::default(), "the file ends too early")),
            }
        }
    }

    fn expect_start(&mut self) -> Result<(), Problem> {
        self.next()?;
        match self.next()? {
            (Event::DocumentStart(..), _) => Ok(()),
            (_, at) => Err(problem(at, "the file is empty")),
        }
    }

    fn expect_end(&mut self) -> Result<(), Problem> {
        self.next()?;
        match self.next()? {
            (Event::StreamEnd, _) => Ok(()),
            (_, at) => Err(problem(at, "a setup file holds one document; remove the second one")),
        }
    }

    fn node(&mut self, event: Event<'a>, at: Position, depth: usize) -> Result<Node, Problem> {
        if depth > MAX_DEPTH {
            return Err(problem(at, "this is nested too deeply"));
        }
        refuse_extras(&event, at)?;
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            _ => return Err(problem(at, "a value is missing here")),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, at) => items.push(self.node(event, at, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, key_at) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(entries));
            }
            refuse_extras(&event, key_at)?;
            let Event::Scalar(key, ..) = event else {
                return Err(problem(key_at, "a key must be a word"));
            };
            let key = key.into_owned();
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let message = format!("“{key}” stands here twice; the first is on line {}", first.key_at.line);
                return Err(problem(key_at, &message));
            }
            let (event, at) = self.next()?;
            let node = self.node(event, at, depth + 1)?;
            entries.push(Entry { key, key_at, node });
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Value::Null;
    }
    Value::Scalar {
        text: text.to_owned(),
        plain,
    }
}

fn refuse_extras(event: &Event<'_>, at: Position) -> Result<(), Problem> {
    let (anchor, tagged) = match event {
        Event::Alias(_) => (1, false),
        Event::Scalar(_, _, anchor, tag)
        | Event::SequenceStart(_, anchor, tag)
        | Event::MappingStart(_, anchor, tag) => (*anchor, tag.is_some()),
        _ => (0, false),
    };
    if anchor != 0 {
        return Err(problem(
            at,
            "anchors (&) and aliases (*) are not supported; write the value out",
        ));
    }
    if tagged {
        return Err(problem(at, "tags (!) are not supported; remove it"));
    }
    Ok(())
}

fn position(span: &Span) -> Position {
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

fn syntax(error: &ScanError) -> Problem {
    let at = Position {
        line: error.marker().line(),
        column: error.marker().col() + 1,
    };
    problem(at, &format!("this is not YAML: {}", error.info()))
}

fn problem(at: Position, message: &str) -> Problem {
    Problem {
        at,
        path: Path::default(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        Node::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn every_value_knows_its_line() {
        let tree = Node::parse("a: 1\nb:\n  - x\n  - {c: \"2\"}\n").expect("good YAML");
        let path = Path::default().key("b").index(1).key("c");
        assert_eq!(path.to_string(), "b[1].c");
        assert_eq!(tree.nearest(&path).at, Position { line: 4, column: 9 });
        let two = Value::Scalar {
            text: "2".into(),
            plain: false,
        };
        assert_eq!(tree.nearest(&path).value, two);
        let gone = Path::default().key("b").index(7).key("d");
        assert_eq!(tree.nearest(&gone).at.line, 3);
    }

    #[test]
    fn what_is_no_plain_data_is_refused_with_its_line() {
        assert_eq!(
            message("a: 1\na: 2\n"),
            "line 2, column 1: “a” stands here twice; the first is on line 1"
        );
        for (text, line, start) in [
            ("b: 1\na: &x 1\n", 2, "anchors"),
            ("b: 1\na: !!str 1\n", 2, "tags"),
            ("a: 1\n---\nb: 2\n", 2, "a setup file holds one document"),
        ] {
            let message = message(text);
            assert!(
                message.starts_with(&format!("line {line}, ")) && message.contains(start),
                "{message}"
            );
        }
        assert!(message("a: [1\nb: 2\n").contains("this is not YAML"));
        assert!(message("").ends_with("the file is empty"));
        let nested = "[".repeat(40) + &"]".repeat(40);
        assert!(message(&nested).ends_with("nested too deeply"), "{}", message(&nested));
    }
}
