//! The results: for people as a table and a chart, for programs as JSON.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use crate::{Failure, stolen::Stolen};

#[derive(Serialize, Deserialize)]
pub struct Results {
    machine: Machine,
    pub intake: Vec<IntakeRow>,
    pub large: Vec<LargeRow>,
    pub pipeline: Vec<PipelineRow>,
    pub nodes: Vec<NodesRow>,
    #[serde(default)]
    pub beside: Vec<BesideRow>,
    pub restart: Vec<RestartRow>,
    pub growth: Vec<GrowthRow>,
    /// Per cent of the processors' time that the machine's host gave to others, by comparison.
    #[serde(default)]
    stolen: BTreeMap<Comparison, f64>,
}

/// What is measured in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Intake,
    Pipeline,
    Nodes,
    Beside,
    Restart,
    Growth,
}

#[derive(Serialize, Deserialize)]
struct Machine {
    processor: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
}

#[derive(Serialize, Deserialize)]
pub struct IntakeRow {
    pub name: String,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p99_at_half_ms: f64,
    pub max_ms: f64,
    pub refused: u64,
    pub idle_mib: f64,
    pub peak_mib: f64,
    pub cpu_seconds: f64,
    pub cold_start_ms: f64,
}

/// Calls that are as large as they may be.
#[derive(Serialize, Deserialize)]
pub struct LargeRow {
    pub name: String,
    pub connections: usize,
    pub per_second: f64,
    pub refused: u64,
    pub peak_mib: f64,
}

#[derive(Serialize, Deserialize)]
pub struct PipelineRow {
    pub name: String,
    pub orders: usize,
    pub per_second: f64,
    pub peak_mib: f64,
    pub cpu_ms_per_order: f64,
    /// From the order to its tracking in the shop, at half the rate.
    pub p50_at_half_ms: f64,
    pub p99_at_half_ms: f64,
}

/// So many workers on one PostgreSQL.
#[derive(Serialize, Deserialize)]
pub struct NodesRow {
    pub nodes: usize,
    pub orders: usize,
    pub per_second: f64,
}

/// Intake beside something else that the program does.
#[derive(Serialize, Deserialize)]
pub struct BesideRow {
    pub name: String,
    pub beside: String,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p99_at_half_ms: f64,
    /// What else there is took so long beside half the rate.
    pub other_p50_at_half_ms: Option<f64>,
    pub other_p99_at_half_ms: Option<f64>,
    pub refused: u64,
    pub peak_mib: f64,
}

/// A start with so many deliveries in the inbox.
#[derive(Serialize, Deserialize)]
pub struct RestartRow {
    pub name: String,
    pub waiting: u64,
    pub listens_ms: f64,
    pub ready_ms: f64,
    pub taken_ms: f64,
    pub read_in_five_seconds: u64,
    pub peak_mib: f64,
}

/// The same with so many orders stored.
#[derive(Serialize, Deserialize)]
pub struct GrowthRow {
    pub name: String,
    pub stored: u64,
    pub orders_per_second: f64,
    /// As a part of what it was with none stored, by turns.
    pub orders_of_none: f64,
    pub cpu_ms_per_order: f64,
    pub intake_per_second: f64,
    /// As a part of what it was with none stored, by turns.
    pub intake_of_none: f64,
    pub intake_p99_ms: f64,
    pub cold_start_ms: f64,
    pub peak_mib: f64,
}

impl Results {
    pub fn new() -> Self {
        Self {
            machine: Machine::here(),
            intake: Vec::new(),
            large: Vec::new(),
            pipeline: Vec::new(),
            nodes: Vec::new(),
            beside: Vec::new(),
            restart: Vec::new(),
            growth: Vec::new(),
            stolen: BTreeMap::new(),
        }
    }

    /// Notes what the host gave to others since a comparison began, if something was measured.
    pub fn note_stolen(&mut self, comparison: Comparison, since: Stolen) {
        let is_empty = match comparison {
            Comparison::Intake => self.intake.is_empty() && self.large.is_empty(),
            Comparison::Pipeline => self.pipeline.is_empty(),
            Comparison::Nodes => self.nodes.is_empty(),
            Comparison::Beside => self.beside.is_empty(),
            Comparison::Restart => self.restart.is_empty(),
            Comparison::Growth => self.growth.is_empty(),
        };
        if !is_empty {
            self.stolen.insert(comparison, since.percent());
        }
    }

    /// Takes over whole comparisons that this run left out.
    fn fill_up(&mut self, before: Self) {
        fn fill<T>(now: &mut Vec<T>, before: Vec<T>) {
            if now.is_empty() {
                *now = before;
            }
        }
        fill(&mut self.intake, before.intake);
        fill(&mut self.large, before.large);
        fill(&mut self.pipeline, before.pipeline);
        fill(&mut self.nodes, before.nodes);
        fill(&mut self.beside, before.beside);
        fill(&mut self.restart, before.restart);
        fill(&mut self.growth, before.growth);
        for (comparison, percent) in before.stolen {
            self.stolen.entry(comparison).or_insert(percent);
        }
    }
}

impl Machine {
    fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
                .unwrap_or_default()
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_gib: memory
                .split(' ')
                .next()
                .and_then(|kib| kib.parse::<u64>().ok())
                .unwrap_or(0)
                / 1024
                / 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

/// A sentence on what the host gave to others, where that was measured.
fn stolen(results: &Results) -> Option<String> {
    let told = |(comparison, percent): (&Comparison, &f64)| format!("{comparison:?} {percent:.0} %").to_lowercase();
    let told: Vec<String> = results.stolen.iter().map(told).collect();
    let head = "Of the processors' time, the machine's host gave so much to others meanwhile";
    (!told.is_empty()).then(|| format!("\n{head}: {}.\n", told.join(", ")))
}

/// As Markdown, to the terminal.
pub fn print(results: &Results) {
    println!("{}", tables(results));
}

fn tables(results: &Results) -> String {
    let mut text = String::new();
    let machine = &results.machine;
    let mut line = |args: std::fmt::Arguments<'_>| {
        text += &args.to_string();
        text.push('\n');
    };
    line(format_args!(
        "{}, {} cores, {} GiB, Linux {}\n",
        machine.processor, machine.cores, machine.memory_gib, machine.kernel
    ));
    if !results.intake.is_empty() {
        let baseline = results.intake[0].per_second;
        line(format_args!(
            "| intake, 8 KB bodies, 64 connections | calls/s | of the baseline | p50 ms | p99 ms | p99 at half, ms | processor s | peak MiB | idle MiB | cold start ms |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
        ));
        for row in &results.intake {
            line(format_args!(
                "| {} | {:.0} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} |",
                row.name,
                row.per_second,
                row.per_second / baseline,
                row.p50_ms,
                row.p99_ms,
                row.p99_at_half_ms,
                row.cpu_seconds,
                row.peak_mib,
                row.idle_mib,
                row.cold_start_ms
            ));
        }
    }
    if !results.large.is_empty() {
        line(format_args!(
            "\n| bodies of 8 MiB | connections | calls/s | refused for want of room | peak MiB |\n|---|---:|---:|---:|---:|"
        ));
        for row in &results.large {
            line(format_args!(
                "| {} | {} | {:.0} | {} | {:.0} |",
                row.name, row.connections, row.per_second, row.refused, row.peak_mib
            ));
        }
    }
    if !results.pipeline.is_empty() {
        line(format_args!(
            "\n| webhook to tracking, sandbox included | orders | orders/s | p50 at half, ms | p99 at half, ms | processor ms/order | peak MiB |\n|---|---:|---:|---:|---:|---:|---:|"
        ));
        for row in &results.pipeline {
            line(format_args!(
                "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} |",
                row.name,
                row.orders,
                row.per_second,
                row.p50_at_half_ms,
                row.p99_at_half_ms,
                row.cpu_ms_per_order,
                row.peak_mib
            ));
        }
    }
    text + &nodes(results)
        + &beside(results)
        + &restart(results)
        + &growth(results)
        + &stolen(results).unwrap_or_default()
}

fn nodes(results: &Results) -> String {
    const HEAD: &str =
        "\n| worker nodes, suppliers that take 200 ms | orders | orders/s | of one node |\n|---|---:|---:|---:|\n";
    let Some(one) = results.nodes.first() else {
        return String::new();
    };
    let line = |row: &NodesRow| {
        let ratio = row.per_second / one.per_second;
        format!(
            "| {} | {} | {:.0} | {ratio:.2} |\n",
            row.nodes, row.orders, row.per_second
        )
    };
    HEAD.to_owned() + &results.nodes.iter().map(line).collect::<String>()
}

fn beside(results: &Results) -> String {
    const HEAD: &str = "\n| intake, beside | | calls/s | refused | p50 ms | p99 ms | p99 at half, ms | the other's p50, ms | p99, ms | peak MiB |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    if results.beside.is_empty() {
        return String::new();
    }
    let other = |time: Option<f64>| time.map_or_else(String::new, |time| format!("{time:.0}"));
    let line = |row: &BesideRow| {
        format!(
            "| {} | {} | {:.0} | {} | {:.1} | {:.1} | {:.1} | {} | {} | {:.0} |\n",
            row.name,
            row.beside,
            row.per_second,
            row.refused,
            row.p50_ms,
            row.p99_ms,
            row.p99_at_half_ms,
            other(row.other_p50_at_half_ms),
            other(row.other_p99_at_half_ms),
            row.peak_mib
        )
    };
    HEAD.to_owned() + &results.beside.iter().map(line).collect::<String>()
}

fn restart(results: &Results) -> String {
    const HEAD: &str = "\n| started with deliveries waiting | deliveries | listens after ms | ready after ms | a webhook is taken after ms | read in the first 5 s | peak MiB |\n|---|---:|---:|---:|---:|---:|---:|\n";
    if results.restart.is_empty() {
        return String::new();
    }
    let line = |row: &RestartRow| {
        format!(
            "| {} | {} | {:.0} | {:.0} | {:.0} | {} | {:.0} |\n",
            row.name, row.waiting, row.listens_ms, row.ready_ms, row.taken_ms, row.read_in_five_seconds, row.peak_mib
        )
    };
    HEAD.to_owned() + &results.restart.iter().map(line).collect::<String>()
}

fn growth(results: &Results) -> String {
    const HEAD: &str = "\n| with orders stored | orders | intake, calls/s | of none | p99 ms | orders/s in one parcel | of none | processor ms/order | cold start ms | peak MiB |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    if results.growth.is_empty() {
        return String::new();
    }
    let line = |row: &GrowthRow| {
        format!(
            "| {} | {} | {:.0} | {:.2} | {:.1} | {:.0} | {:.2} | {:.1} | {:.0} | {:.0} |\n",
            row.name,
            row.stored,
            row.intake_per_second,
            row.intake_of_none,
            row.intake_p99_ms,
            row.orders_per_second,
            row.orders_of_none,
            row.cpu_ms_per_order,
            row.cold_start_ms,
            row.peak_mib
        )
    };
    HEAD.to_owned() + &results.growth.iter().map(line).collect::<String>()
}

const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

/// Writes `performance.json` and `performance.svg`, and the tables into `PERFORMANCE.md`. What was not measured stays as
/// it was written before.
pub fn write(mut results: Results, folder: &Path) -> Result<(), Failure> {
    let json = folder.join("performance.json");
    let before = std::fs::read_to_string(&json).ok();
    if let Some(before) = before.and_then(|text| serde_json::from_str(&text).ok()) {
        results.fill_up(before);
    }
    std::fs::write(&json, serde_json::to_string_pretty(&results)? + "\n")?;
    std::fs::write(folder.join("performance.svg"), chart(&results))?;
    let page = folder.join("PERFORMANCE.md");
    let text = std::fs::read_to_string(&page)?;
    let (before, rest) = text
        .split_once(BEGIN)
        .ok_or("PERFORMANCE.md does not say where the tables begin")?;
    let (_, after) = rest
        .split_once(END)
        .ok_or("PERFORMANCE.md does not say where the tables end")?;
    std::fs::write(&page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables(&results)))?;
    Ok(())
}

/// One measurement's bars: each as long as its number is to the largest of them.
struct Bars {
    title: &'static str,
    bars: Vec<(String, f64)>,
}

/// Calls and orders a second, on a paper that is light or dark as the reader's.
fn chart(results: &Results) -> String {
    let calls = |row: &IntakeRow| (row.name.clone(), row.per_second);
    let orders = |row: &PipelineRow| (row.name.clone(), row.per_second);
    let all = [
        Bars {
            title: "Webhooks a second, durable before the answer",
            bars: results.intake.iter().map(calls).collect(),
        },
        Bars {
            title: "Orders a second, from the webhook to the tracking",
            bars: results.pipeline.iter().map(orders).collect(),
        },
    ];
    let (mut drawn, mut y) = (String::new(), 0);
    for bars in all.iter().filter(|bars| !bars.bars.is_empty()) {
        drawn += &bars.draw(y);
        y += bars.height();
    }
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {y}" role="img" aria-label="Webhooks and orders a second">
  <style>text {{ font: 13px sans-serif; fill: #333 }} rect {{ fill: #3b6fb6 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} rect {{ fill: #7aa7e0 }} }}</style>
{drawn}</svg>
"#
    )
}

impl Bars {
    const HEAD: usize = 36;
    const EACH: usize = 34;

    fn height(&self) -> usize {
        Self::HEAD + self.bars.len() * Self::EACH
    }

    fn draw(&self, top: usize) -> String {
        const LEFT: f64 = 260.0;
        const WIDTH: f64 = 420.0;
        let most = self.bars.iter().map(|(_, number)| *number).fold(1.0, f64::max);
        let bar = |(index, (name, number)): (usize, &(String, f64))| {
            let y = top + Self::HEAD + index * Self::EACH;
            let long = number / most * WIDTH;
            format!(
                r#"  <text x="{}" y="{base}" text-anchor="end">{name}</text>
  <rect x="{LEFT}" y="{y}" width="{long:.1}" height="20" rx="2"/>
  <text x="{:.1}" y="{base}">{number:.0}</text>
"#,
                LEFT - 8.0,
                LEFT + long + 6.0,
                base = y + 15,
            )
        };
        let bars: String = self.bars.iter().enumerate().map(bar).collect();
        format!("  <text x=\"8\" y=\"{}\">{}</text>\n{bars}", top + 20, self.title)
    }
}
