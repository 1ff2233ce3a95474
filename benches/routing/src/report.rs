//! The tables of docs/ROUTING.md.

use std::path::Path;

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

pub struct Table {
    pub title: &'static str,
    pub note: String,
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table in Markdown.
    pub fn text(&self) -> String {
        let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<String> = self.head.iter().map(ToString::to_string).collect();
        let line: Vec<String> = self.head.iter().map(|_| "---".to_owned()).collect();
        let rows: String = self.rows.iter().map(|cells| row(cells)).collect();
        format!(
            "## {}\n\n{}\n\n{}{}{rows}",
            self.title,
            self.note,
            row(&head),
            row(&line)
        )
    }
}

/// Puts the tables between the page's two marks.
pub fn write(tables: &[Table], page: &Path) {
    let text = std::fs::read_to_string(page).expect("the page");
    let (before, rest) = text.split_once(BEGIN).expect("where the tables begin");
    let (_, after) = rest.split_once(END).expect("where the tables end");
    let tables: Vec<String> = tables.iter().map(Table::text).collect();
    std::fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables.join("\n"))).expect("the page is ours");
}

/// The value below which so many of a thousand are.
pub fn quantile(sorted: &[f64], per_mille: usize) -> f64 {
    sorted[(sorted.len() * per_mille / 1_000).min(sorted.len() - 1)]
}

#[expect(clippy::cast_precision_loss, reason = "counts of a measurement are small")]
pub fn mean(values: &[f64]) -> f64 {
    // The sum of nothing is a negative zero.
    (values.iter().sum::<f64>() + 0.0) / values.len().max(1) as f64
}
