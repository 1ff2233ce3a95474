//! Mappings as a table, one component a row: read from what spreadsheets make of
//! CSV, and written so that no cell is taken for a formula. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use chrono::NaiveDate;

use super::{
    mapping::Validity,
    money::{Currency, Money},
};

/// The largest file, in bytes, and the most rows in it.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;
pub const MOST_ROWS: usize = 50_000;

/// The columns in the order in which they are written.
pub const COLUMNS: [&str; 11] = [
    "variant_id",
    "variant_sku",
    "product",
    "alternative",
    "supplier",
    "offer_sku",
    "quantity",
    "valid_from",
    "valid_until",
    "accepted_cost",
    "currency",
];

/// A variant by Shopify's id, or by its SKU where the id is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariantName {
    Id(i64),
    Sku(String),
}

/// One component of one alternative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line in the file; the heading is line 1.
    pub line: u64,
    pub variant: VariantName,
    /// Rows with the same number are one alternative; the smallest number is tried first.
    pub alternative: u32,
    pub supplier: String,
    pub offer_sku: String,
    pub quantity: i32,
    pub validity: Validity,
    /// What the shop agreed to pay for a piece; none means what it agreed to before, or what it costs now.
    pub accepted: Option<Money>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    pub line: u64,
    pub field: &'static str,
    pub message: String,
}

/// Why a file cannot be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("the file is not UTF-8: save it as “CSV UTF-8”")]
    NotUtf8,
    #[error("the file has no heading")]
    Empty,
    #[error("there is no column “{0}”; the columns are {list}", list = COLUMNS.join(", "))]
    UnknownColumn(String),
    #[error("the column “{0}” stands in the heading twice")]
    ColumnTwice(String),
    #[error("the column “{0}” is missing")]
    NoColumn(&'static str),
    #[error("a file has at most {MOST_ROWS} rows: cut it into several")]
    TooManyRows,
    #[error("line {line} cannot be read: {message}")]
    Unreadable { line: u64, message: String },
}

/// What was read: one entry for each name of a variant, and the rows that are no rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Rows that say something.
    pub rows: usize,
    pub entries: Vec<Entry>,
    /// Names of variants of which a row is wrong, with its line. Another name may mean the same variant.
    pub bad: BTreeMap<VariantName, u64>,
    pub errors: Vec<RowError>,
}

/// What the file says of one variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub variant: VariantName,
    /// By rank; each has components.
    pub alternatives: Vec<Vec<Row>>,
}

impl Entry {
    /// The line on which the variant stands first.
    #[must_use]
    pub fn line(&self) -> u64 {
        let lines = self.alternatives.iter().flatten().map(|row| row.line);
        lines.min().unwrap_or(0)
    }
}

/// Reads a file. A variant with a row that is wrong is left out as a whole:
/// half a kit would be worse than none.
///
/// # Errors
/// [`FileError`] when the file is no such table at all.
pub fn read(bytes: &[u8]) -> Result<Table, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileError::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (delimiter, text, skipped) = delimiter_of(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let heading = reader.headers().map_err(|error| unreadable(&error))?;
    let columns = Columns::read(heading)?;
    let (mut table, mut rows) = (Table::default(), Vec::new());
    let mut lines = Lines::new(text, skipped);
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(&error))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        table.rows += 1;
        if table.rows > MOST_ROWS {
            return Err(FileError::TooManyRows);
        }
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            // Whose rows a quote that is not closed takes in, nobody can tell.
            let message = "a cell goes on over the end of the line: is a quote not closed?".to_owned();
            return Err(FileError::Unreadable { line, message });
        }
        match columns.row(&record, line) {
            Ok(row) => rows.push(row),
            Err((variant, errors)) => {
                table.bad.extend(variant.map(|variant| (variant, line)));
                table.errors.extend(errors);
            }
        }
    }
    for (variant, alternatives) in grouped(rows) {
        let wrong = contradictions(&alternatives, columns.has("alternative"));
        match wrong.first() {
            Some(first) => {
                table.bad.insert(variant, first.line);
            }
            None if table.bad.contains_key(&variant) => {}
            None => table.entries.push(Entry { variant, alternatives }),
        }
        table.errors.extend(wrong);
    }
    table.errors.sort_by_key(|error| error.line);
    Ok(table)
}

/// Counts lines up to where records begin, each byte once.
struct Lines<'t> {
    text: &'t [u8],
    seen: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    const fn new(text: &'t str, skipped: u64) -> Self {
        Self {
            text: text.as_bytes(),
            seen: 0,
            line: skipped + 1,
        }
    }

    /// The line of the record that begins at a byte, or after the line ends that stand there.
    fn at(&mut self, byte: u64) -> u64 {
        let begin = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(letter) = self.text.get(self.seen) {
            if self.seen >= begin && !matches!(letter, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*letter == b'\n');
            self.seen += 1;
        }
        self.line
    }
}

/// By variant in the order of the file, and by the alternatives' numbers.
fn grouped(rows: Vec<Row>) -> Vec<(VariantName, Vec<Vec<Row>>)> {
    let mut order: BTreeMap<VariantName, usize> = BTreeMap::new();
    let mut found: Vec<(VariantName, BTreeMap<u32, Vec<Row>>)> = Vec::new();
    for row in rows {
        let at = *order.entry(row.variant.clone()).or_insert_with(|| {
            found.push((row.variant.clone(), BTreeMap::new()));
            found.len() - 1
        });
        if let Some((_, alternatives)) = found.get_mut(at) {
            alternatives.entry(row.alternative).or_default().push(row);
        }
    }
    let ranked = |(variant, alternatives): (VariantName, BTreeMap<u32, Vec<Row>>)| {
        (variant, alternatives.into_values().collect())
    };
    found.into_iter().map(ranked).collect()
}

/// An alternative has one pair of days, whatever number of rows it has, and each offer once. Where no column says
/// which rows are one alternative, a variant has one row: two might be a kit, or a second choice.
fn contradictions(alternatives: &[Vec<Row>], are_numbered: bool) -> Vec<RowError> {
    let mut wrong = Vec::new();
    for rows in alternatives {
        let mut offers: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        let Some(first) = rows.first() else { continue };
        for row in rows {
            let before = offers.insert((&row.supplier, &row.offer_sku), row.line);
            let mut take = |field, message| {
                wrong.push(RowError {
                    line: row.line,
                    field,
                    message,
                });
            };
            if row.validity != first.validity {
                let message = format!(
                    "the days differ from those of the same alternative in row {}",
                    first.line
                );
                take("valid_from", message);
            } else if let Some(line) = before {
                let message = format!("the same offer stands in row {line}; use quantity");
                take("offer_sku", message);
            } else if !are_numbered && row.line != first.line {
                let message = format!(
                    "row {} is about this variant too, and there is no column “alternative”: add it, with the same \
                     number for what is bought together and 1, 2 … for what is tried in turn",
                    first.line
                );
                take("alternative", message);
            }
        }
    }
    wrong
}

fn unreadable(error: &csv::Error) -> FileError {
    FileError::Unreadable {
        line: error.position().map_or(1, csv::Position::line),
        message: match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
            _ => "it is no row of a table".to_owned(),
        },
    }
}

/// What parts the cells: what the heading has most of, unless the first line says so.
/// With it the text that follows, and how many lines were skipped.
fn delimiter_of(text: &str) -> (u8, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(&[delimiter]) = first.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        return (delimiter, rest, 1);
    }
    let count = |delimiter: u8| first.bytes().filter(|byte| *byte == delimiter).count();
    let most = [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter));
    (most.unwrap_or(b','), text, 0)
}

/// Where each column stands.
struct Columns(BTreeMap<&'static str, usize>);

/// The variant that a bad row is about, as far as it says, and what is wrong.
type BadRow = (Option<VariantName>, Vec<RowError>);

impl Columns {
    fn read(heading: &csv::StringRecord) -> Result<Self, FileError> {
        let mut found = BTreeMap::new();
        for (at, name) in heading.iter().enumerate() {
            let plain = name.trim().to_lowercase().replace([' ', '-'], "_");
            if plain.is_empty() {
                continue;
            }
            let known = COLUMNS.into_iter().find(|known| *known == plain);
            let known = known.ok_or_else(|| FileError::UnknownColumn(name.trim().to_owned()))?;
            if found.insert(known, at).is_some() {
                return Err(FileError::ColumnTwice(known.to_owned()));
            }
        }
        if found.is_empty() {
            return Err(FileError::Empty);
        }
        for needed in ["supplier", "offer_sku"] {
            if !found.contains_key(needed) {
                return Err(FileError::NoColumn(needed));
            }
        }
        if !found.contains_key("variant_id") && !found.contains_key("variant_sku") {
            return Err(FileError::NoColumn("variant_id"));
        }
        Ok(Self(found))
    }

    fn has(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    fn cell<'r>(&self, record: &'r csv::StringRecord, column: &str) -> &'r str {
        let at = self.0.get(column);
        let cell = at.and_then(|at| record.get(*at)).unwrap_or_default().trim();
        unguarded(cell)
    }

    fn row(&self, record: &csv::StringRecord, line: u64) -> Result<Row, BadRow> {
        let cell = |column| self.cell(record, column);
        let mut errors = Vec::new();
        let mut take = |field: &'static str, message: String| errors.push(RowError { line, field, message });
        let variant = variant(cell("variant_id"), cell("variant_sku"));
        if let Err((field, message)) = &variant {
            take(field, message.clone());
        }
        let alternative = whole(cell("alternative"), 1, 1000).map_err(|message| take("alternative", message));
        let quantity = whole(cell("quantity"), 1, 1000).map_err(|message| take("quantity", message));
        let from = day(cell("valid_from")).map_err(|message| take("valid_from", message));
        let until = day(cell("valid_until")).map_err(|message| take("valid_until", message));
        let accepted = cost(cell("accepted_cost"), cell("currency")).map_err(|(field, message)| take(field, message));
        for field in ["supplier", "offer_sku"] {
            if cell(field).is_empty() {
                take(field, "this must not be empty".to_owned());
            }
        }
        let validity = Validity {
            from: from.unwrap_or_default(),
            until: until.unwrap_or_default(),
        };
        if validity.is_upside_down() {
            take("valid_until", "it ends before it begins".to_owned());
        }
        // A row whose id cannot be read is about the variant with its SKU, all the same.
        let by_sku = || self::variant("", cell("variant_sku")).ok();
        let variant = variant.ok().or_else(by_sku);
        match (variant, alternative, quantity, accepted) {
            (Some(variant), Ok(alternative), Ok(quantity), Ok(accepted)) if errors.is_empty() => Ok(Row {
                line,
                variant,
                alternative,
                supplier: cell("supplier").to_lowercase(),
                offer_sku: cell("offer_sku").to_owned(),
                quantity: i32::try_from(quantity).unwrap_or(i32::MAX),
                validity,
                accepted,
            }),
            (variant, ..) => Err((variant, errors)),
        }
    }
}

fn variant(id: &str, sku: &str) -> Result<VariantName, (&'static str, String)> {
    if id.is_empty() {
        let missing = || ("variant_id", "name the variant by its id or its SKU".to_owned());
        return (!sku.is_empty())
            .then(|| VariantName::Sku(sku.to_owned()))
            .ok_or_else(missing);
    }
    let looks_cut = id.contains(['E', 'e']) && id.contains(['.', ',', '+']);
    match id.parse::<i64>() {
        Ok(id) if id > 0 => Ok(VariantName::Id(id)),
        _ if looks_cut => {
            let message = format!("a spreadsheet shortened this id to {id}: leave it empty to go by the SKU");
            Err(("variant_id", message))
        }
        _ => Err(("variant_id", format!("“{id}” is not a variant's id"))),
    }
}

/// A whole number; an empty cell is 1.
fn whole(text: &str, least: u32, most: u32) -> Result<u32, String> {
    if text.is_empty() {
        return Ok(1);
    }
    let number = text
        .parse::<u32>()
        .ok()
        .filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("this must be a whole number from {least} to {most}"))
}

fn day(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    day.map(Some)
        .map_err(|_| format!("“{text}” is not a day such as 2026-12-24"))
}

fn cost(text: &str, currency: &str) -> Result<Option<Money>, (&'static str, String)> {
    if text.is_empty() {
        return Ok(None);
    }
    if currency.is_empty() {
        return Err(("currency", "a cost needs its currency".to_owned()));
    }
    let currency = Currency::parse(currency).map_err(|error| ("currency", error.to_string()))?;
    let cost = Money::parse(text, currency).map_err(|error| ("accepted_cost", error.to_string()))?;
    if cost.amount_minor < 0 {
        return Err(("accepted_cost", "a cost must not be negative".to_owned()));
    }
    Ok(Some(cost))
}

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet takes for a formula: an apostrophe stands before what could be one.
#[must_use]
pub fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) || cell.strip_prefix('\'').is_some_and(is_guarded_text) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell that was guarded.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| is_guarded_text(rest))
        .unwrap_or(cell)
}

/// Whether an apostrophe before this text is ours: before a formula, or before another such apostrophe.
fn is_guarded_text(rest: &str) -> bool {
    rest.trim_start_matches('\'').starts_with(FORMULA)
}

/// One row as it is written.
#[must_use]
pub fn line(cells: [&str; 11]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let guarded = cells.map(guarded);
    // Into memory nothing fails.
    let written = writer.write_record(guarded.iter().map(|cell| cell.as_bytes())).is_ok();
    let bytes = writer.into_inner().unwrap_or_default();
    if written {
        String::from_utf8(bytes).unwrap_or_default()
    } else {
        String::new()
    }
}

/// The beginning of a file: a mark by which spreadsheets know UTF-8, and the heading.
#[must_use]
pub fn heading() -> String {
    format!("\u{feff}{}", line(COLUMNS))
}

#[cfg(test)]
#[path = "mapping_csv_tests.rs"]
mod tests;
