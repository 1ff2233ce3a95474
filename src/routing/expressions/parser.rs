//! Makes a tree of words in which every type fits.

use rust_decimal::Decimal;

use super::{
    ExpressionError,
    fields::{FIELDS, Field, Scope, Type},
    lexer::{Kind, Word},
};

/// Brackets and “not” within each other; more is refused.
const DEEPEST: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// Two texts or two numbers.
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    StartsWith(Box<Node>, String),
    Between(Box<Node>, Box<Node>, Box<Node>),
    Field(Field),
    Text(String),
    Number(Decimal),
    List(Vec<String>),
}

impl Node {
    pub fn asks(&self, fields: &[Field]) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.asks(fields)),
            Self::Not(part) | Self::StartsWith(part, _) => part.asks(fields),
            Self::Compare(_, left, right) | Self::In(left, right) => left.asks(fields) || right.asks(fields),
            Self::Between(value, low, high) => [value, low, high].iter().any(|part| part.asks(fields)),
            Self::Field(field) => fields.contains(field),
            Self::Text(_) | Self::Number(_) | Self::List(_) => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Reads all words as one condition.
pub fn condition(words: &[Word], scope: Scope) -> Result<Node, ExpressionError> {
    let mut parser = Parser {
        words,
        next: 0,
        depth: 0,
        scope,
    };
    let at = parser.at();
    let (node, found) = parser.any()?;
    if found != Type::Condition {
        return Err(ExpressionError {
            at,
            message: format!("this is {}, not a condition: compare it with something", found.name()),
        });
    }
    match parser.peek() {
        Kind::End => Ok(node),
        _ => Err(parser.error("“and”, “or” or the end should be here")),
    }
}

struct Parser<'a> {
    words: &'a [Word],
    next: usize,
    depth: usize,
    scope: Scope,
}

type Typed = (Node, Type);

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        self.words.get(self.next).map_or(&Kind::End, |word| &word.kind)
    }

    fn at(&self) -> usize {
        let word = self.words.get(self.next).or(self.words.last());
        word.map_or(1, |word| word.at)
    }

    fn error(&self, message: impl Into<String>) -> ExpressionError {
        ExpressionError {
            at: self.at(),
            message: message.into(),
        }
    }

    /// Takes the next word if it is one of these: signs, or words of the language.
    fn take(&mut self, any: &[&str]) -> bool {
        let found = match self.peek() {
            Kind::Sign(sign) => any.contains(sign),
            Kind::Name(name) => any.contains(&name.as_str()),
            _ => false,
        };
        self.next += usize::from(found);
        found
    }

    fn wants(wanted: Type, found: Type, at: usize) -> Result<(), ExpressionError> {
        if wanted == found {
            return Ok(());
        }
        let message = format!("{} should be here, not {}", wanted.name(), found.name());
        Err(ExpressionError { at, message })
    }

    fn any(&mut self) -> Result<Typed, ExpressionError> {
        self.chain(Self::all, &["or", "||"], Node::Any)
    }

    fn all(&mut self) -> Result<Typed, ExpressionError> {
        self.chain(Self::not, &["and", "&&"], Node::All)
    }

    fn chain(
        &mut self,
        part: fn(&mut Self) -> Result<Typed, ExpressionError>,
        joined_by: &[&str],
        join: fn(Vec<Node>) -> Node,
    ) -> Result<Typed, ExpressionError> {
        let at = self.at();
        let first = part(self)?;
        if !self.take(joined_by) {
            return Ok(first);
        }
        Self::wants(Type::Condition, first.1, at)?;
        let mut parts = vec![first.0];
        loop {
            let at = self.at();
            let (node, found) = part(self)?;
            Self::wants(Type::Condition, found, at)?;
            parts.push(node);
            if !self.take(joined_by) {
                return Ok((join(parts), Type::Condition));
            }
        }
    }

    fn not(&mut self) -> Result<Typed, ExpressionError> {
        if !self.take(&["not", "!"]) {
            return self.comparison();
        }
        self.deeper()?;
        let at = self.at();
        let (node, found) = self.not()?;
        self.depth -= 1;
        Self::wants(Type::Condition, found, at)?;
        Ok((Node::Not(Box::new(node)), Type::Condition))
    }

    fn comparison(&mut self) -> Result<Typed, ExpressionError> {
        let at = self.at();
        let (left, found) = self.value()?;
        let comparisons = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        for (sign, comparison) in comparisons {
            if self.take(&[sign]) {
                return self.compared(comparison, left, found, at);
            }
        }
        if self.take(&["in"]) {
            Self::wants(Type::Text, found, at)?;
            let right = self.expect(Type::List)?;
            return Ok((Node::In(Box::new(left), Box::new(right)), Type::Condition));
        }
        if self.take(&["starts_with"]) {
            Self::wants(Type::Text, found, at)?;
            let Kind::Text(text) = self.peek().clone() else {
                return Err(self.error("a text in quotes should be here"));
            };
            self.next += 1;
            return Ok((Node::StartsWith(Box::new(left), text), Type::Condition));
        }
        if self.take(&["between"]) {
            return self.between(left, found, at);
        }
        Ok((left, found))
    }

    fn compared(
        &mut self,
        comparison: Comparison,
        left: Node,
        found: Type,
        at: usize,
    ) -> Result<Typed, ExpressionError> {
        let by_size = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let comparable = found == Type::Number || (found == Type::Text && !by_size);
        if !comparable {
            let message = format!("{} cannot be compared so", found.name());
            return Err(ExpressionError { at, message });
        }
        let right = self.expect(found)?;
        let node = Node::Compare(comparison, Box::new(left), Box::new(right));
        Ok((node, Type::Condition))
    }

    /// A range of numbers, or of postcodes: both ends belong to it.
    fn between(&mut self, left: Node, found: Type, at: usize) -> Result<Typed, ExpressionError> {
        if !matches!(found, Type::Text | Type::Number) {
            Self::wants(Type::Number, found, at)?;
        }
        let range = self.at();
        let of = match &left {
            Node::Field(field) => format!("{}: ", field.name()),
            _ => String::new(),
        };
        let low = self.expect(found)?;
        if !self.take(&["and"]) {
            return Err(self.error("“and” and the end of the range should be here"));
        }
        let high = self.expect(found)?;
        let is_open = [&low, &high]
            .iter()
            .any(|end| matches!(end, Node::Text(end) if super::evaluate::postcode(end).is_empty()));
        if is_open {
            return Err(ExpressionError {
                at: range,
                message: format!("{of}a range of postcodes needs both its ends"),
            });
        }
        let upside_down = match (&low, &high) {
            (Node::Number(low), Node::Number(high)) => low > high,
            (Node::Text(low), Node::Text(high)) => {
                let (low, high) = (super::evaluate::postcode(low), super::evaluate::postcode(high));
                low > high && !low.starts_with(&high)
            }
            _ => false,
        };
        if upside_down {
            return Err(ExpressionError {
                at: range,
                message: format!("{of}the range is upside down, its beginning lies behind its end"),
            });
        }
        let node = Node::Between(Box::new(left), Box::new(low), Box::new(high));
        Ok((node, Type::Condition))
    }

    fn expect(&mut self, wanted: Type) -> Result<Node, ExpressionError> {
        let at = self.at();
        let (node, found) = self.value()?;
        Self::wants(wanted, found, at)?;
        Ok(node)
    }

    fn value(&mut self) -> Result<Typed, ExpressionError> {
        if self.take(&["("]) {
            self.deeper()?;
            let inner = self.any()?;
            self.depth -= 1;
            if !self.take(&[")"]) {
                return Err(self.error("a closing bracket is missing"));
            }
            return Ok(inner);
        }
        if self.take(&["["]) {
            return self.list();
        }
        let typed = match self.peek().clone() {
            Kind::Text(text) => (Node::Text(text), Type::Text),
            Kind::Number(number) => (Node::Number(number), Type::Number),
            Kind::Name(name) => {
                let field = self.field(&name)?;
                (Node::Field(field), field.ty())
            }
            Kind::End => return Err(self.error("something is missing at the end")),
            Kind::Sign(sign) => return Err(self.error(format!("“{sign}” cannot stand here"))),
        };
        self.next += 1;
        Ok(typed)
    }

    fn list(&mut self) -> Result<Typed, ExpressionError> {
        let mut items = Vec::new();
        loop {
            let Kind::Text(text) = self.peek().clone() else {
                return Err(self.error("a text in quotes should be here"));
            };
            self.next += 1;
            items.push(text);
            if self.take(&["]"]) {
                return Ok((Node::List(items), Type::List));
            }
            if !self.take(&[","]) {
                return Err(self.error("a comma or “]” should be here"));
            }
        }
    }

    fn field(&self, name: &str) -> Result<Field, ExpressionError> {
        let known = FIELDS.iter().find(|(known, _)| *known == name);
        let Some((_, field)) = known else {
            return Err(self.error(format!("there is no “{name}”")));
        };
        if field.scope() > self.scope {
            let about = match self.scope {
                Scope::Order => "the whole order",
                Scope::Line | Scope::Candidate => "lines, whoever ships them",
            };
            return Err(self.error(format!("“{name}” is not known here: this rule is about {about}")));
        }
        Ok(*field)
    }

    fn deeper(&mut self) -> Result<(), ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error("too many brackets within each other"));
        }
        Ok(())
    }
}
