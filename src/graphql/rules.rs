//! The shop's own routing rules, their history, and what their conditions may ask about.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    errors::{Outcome, Problem, payload},
    guard,
    loaders::{Loaders, OwnShop},
    pagination::{Asked, NESTED, Page, STATEMENT, weight},
    shops::{number, own_shop},
};
use crate::{
    actions::{
        change_rules::{self, RulesChange, RulesError},
        rule_facts,
    },
    domain::rules::{Consequence, RuleText},
    error::AppError,
    routing::{
        expressions::{FIELDS, Field, Place, Scope, Type},
        rulebook::{self, Rule as ReadRule},
    },
    store::{
        rule_versions::{self, Header},
        shops::Model as ShopRow,
    },
};

/// What follows where a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RuleKind {
    /// The offer is not used.
    Exclude,
    /// Only these suppliers ship the line.
    Only,
    /// These suppliers do not ship the line.
    Never,
    /// So many pieces of the offer stay in stock.
    KeepInStock,
    /// One supplier ships the whole order, or nobody any of it.
    NeverSplit,
    /// One supplier ships all lines for which it holds, or nobody any of them.
    ShipTogether,
    /// So many parcels for the order at most.
    MaxParcels,
}

/// What a condition may ask about; each knows what the ones before it know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Scope")]
pub enum RuleScope {
    Order,
    Line,
    Candidate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum FactType {
    Text,
    Number,
    /// Of text.
    List,
    /// Yes or no: a condition by itself.
    Flag,
}

/// Whether a rule counts today, in the shop's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum RuleState {
    InForce,
    Off,
    NotYet,
    Over,
}

impl RuleKind {
    const fn of(then: &Consequence) -> Self {
        match then {
            Consequence::Exclude => Self::Exclude,
            Consequence::Only(_) => Self::Only,
            Consequence::Never(_) => Self::Never,
            Consequence::KeepInStock(_) => Self::KeepInStock,
            Consequence::NeverSplit => Self::NeverSplit,
            Consequence::ShipTogether => Self::ShipTogether,
            Consequence::MaxParcels(_) => Self::MaxParcels,
        }
    }

    fn consequence(self, suppliers: BTreeSet<String>, count: u32) -> Consequence {
        match self {
            Self::Exclude => Consequence::Exclude,
            Self::Only => Consequence::Only(suppliers),
            Self::Never => Consequence::Never(suppliers),
            Self::KeepInStock => Consequence::KeepInStock(count),
            Self::NeverSplit => Consequence::NeverSplit,
            Self::ShipTogether => Consequence::ShipTogether,
            Self::MaxParcels => Consequence::MaxParcels(count),
        }
    }
}

pub struct Rule {
    text: RuleText,
    today: NaiveDate,
}

#[Object]
impl Rule {
    /// Its name: a shop has one rule of each name.
    async fn id(&self) -> ID {
        ID(self.text.name.clone())
    }

    /// What explanations call it.
    async fn name(&self) -> &str {
        &self.text.name
    }

    /// The condition; null where it always holds.
    async fn when(&self) -> Option<&str> {
        self.text.when.as_deref()
    }

    async fn kind(&self) -> RuleKind {
        RuleKind::of(&self.text.then)
    }

    /// Keys of the suppliers that it is about; empty but for ONLY and NEVER.
    async fn suppliers(&self) -> Vec<&String> {
        match &self.text.then {
            Consequence::Only(keys) | Consequence::Never(keys) => keys.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Pieces that stay in stock, or parcels at most; null for other kinds.
    async fn number(&self) -> Option<i32> {
        match self.text.then {
            Consequence::KeepInStock(count) | Consequence::MaxParcels(count) => Some(number(count.into())),
            _ => None,
        }
    }

    async fn enabled(&self) -> bool {
        self.text.enabled
    }

    /// The first day that it counts, such as 2026-12-01.
    async fn from(&self) -> Option<String> {
        self.text.from.map(|day| day.to_string())
    }

    /// The last day that it counts.
    async fn until(&self) -> Option<String> {
        self.text.until.map(|day| day.to_string())
    }

    async fn state(&self) -> RuleState {
        match &self.text {
            text if !text.enabled => RuleState::Off,
            text if text.from.is_some_and(|from| self.today < from) => RuleState::NotYet,
            text if text.until.is_some_and(|until| until < self.today) => RuleState::Over,
            _ => RuleState::InForce,
        }
    }
}

pub fn rules(texts: &[RuleText], today: NaiveDate) -> Vec<Rule> {
    let rule = |text: &RuleText| Rule {
        text: text.clone(),
        today,
    };
    texts.iter().map(rule).collect()
}

/// The shop's rules in the order in which they are told.
pub struct Rulebook {
    shop: ShopRow,
}

#[Object]
impl Rulebook {
    /// Grows with each change; 0 while there were never any rules.
    #[graphql(complexity = "STATEMENT")]
    async fn version(&self, ctx: &Context<'_>) -> Outcome<i32> {
        Ok(rule_versions::newest(Loaders::of(ctx).db(), self.shop.id).await?)
    }

    #[graphql(complexity = "NESTED * child_complexity + 1")]
    async fn rules(&self, ctx: &Context<'_>) -> Vec<Rule> {
        let today = rule_facts::today(&self.shop, guard::app(ctx).clock.now());
        rules(&self.shop.settings.0.rules, today)
    }

    /// The rulebooks that there were, the newest first.
    #[graphql(complexity = "STATEMENT + weight(first, child_complexity)")]
    async fn versions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Outcome<Page<i32, RulebookVersion>> {
        let asked = Asked::<i32>::read(first, after.as_deref())?;
        let rows = rule_versions::page(Loaders::of(ctx).db(), self.shop.id, asked.seen, asked.limit()).await?;
        Ok(asked.page(rows, |row| row.version, |row| RulebookVersion { row }))
    }

    /// What conditions may ask about.
    async fn facts(&self) -> Vec<Fact> {
        FIELDS.iter().map(|(_, field)| Fact::from(*field)).collect()
    }

    /// The kinds of rules, and how much their conditions may know.
    async fn kinds(&self) -> Vec<RuleKindInfo> {
        use RuleKind as K;
        let all = [
            K::Exclude,
            K::Only,
            K::Never,
            K::KeepInStock,
            K::NeverSplit,
            K::ShipTogether,
            K::MaxParcels,
        ];
        let info = |kind: K| RuleKindInfo {
            kind,
            about: rulebook::scope(&kind.consequence(BTreeSet::new(), 1)).into(),
        };
        all.into_iter().map(info).collect()
    }
}

/// A rulebook that there was.
pub struct RulebookVersion {
    row: Header,
}

#[Object]
impl RulebookVersion {
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// What changed, in words.
    async fn what(&self) -> &str {
        &self.row.what
    }

    async fn made_at(&self) -> DateTime<Utc> {
        self.row.made_at
    }

    /// Who made it, in words.
    async fn made_by(&self) -> &str {
        &self.row.made_by
    }

    #[graphql(complexity = "STATEMENT + NESTED * child_complexity")]
    async fn rules(&self, ctx: &Context<'_>) -> Outcome<Vec<Rule>> {
        let shop = guard::shop_reader(ctx)?;
        let loaders = Loaders::of(ctx);
        let found = rule_versions::by_version(loaders.db(), shop, self.row.version).await?;
        let row = loaders.one(OwnShop).await?.ok_or(AppError::NotFound("this shop"))?;
        let today = rule_facts::today(&row, guard::app(ctx).clock.now());
        Ok(found.map(|found| rules(&found.rules.0, today)).unwrap_or_default())
    }
}

/// A fact that conditions may ask about.
#[derive(SimpleObject)]
pub struct Fact {
    /// As conditions name it, such as `order.country`.
    name: &'static str,
    label: &'static str,
    about: RuleScope,
    #[graphql(name = "type")]
    ty: FactType,
    /// Every value there is; empty where it can be anything.
    values: Vec<&'static str>,
}

impl From<Field> for Fact {
    fn from(field: Field) -> Self {
        Self {
            name: field.name(),
            label: field.label(),
            about: field.scope().into(),
            ty: match field.ty() {
                Type::Text => FactType::Text,
                Type::Number => FactType::Number,
                Type::List => FactType::List,
                Type::Condition => FactType::Flag,
            },
            values: field.values().to_vec(),
        }
    }
}

#[derive(SimpleObject)]
pub struct RuleKindInfo {
    kind: RuleKind,
    about: RuleScope,
}

/// A place in a condition.
#[derive(SimpleObject)]
pub struct TextPosition {
    /// Characters before it.
    offset: i32,
    /// Counted from 1.
    line: i32,
    /// The character in its line, counted from 1.
    column: i32,
}

impl From<Place> for TextPosition {
    fn from(place: Place) -> Self {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
        Self {
            offset: count(place.offset),
            line: count(place.line),
            column: count(place.column),
        }
    }
}

/// What is wrong with a condition, and where.
#[derive(SimpleObject)]
pub struct ConditionMistake {
    message: String,
    position: TextPosition,
}

#[derive(Default)]
pub struct RuleQuery;

#[Object]
impl RuleQuery {
    /// The shop's own routing rules.
    async fn rulebook(&self, ctx: &Context<'_>) -> Outcome<Rulebook> {
        guard::shop_reader(ctx)?;
        Ok(Rulebook {
            shop: own_shop(ctx).await?.0,
        })
    }

    /// A rulebook that there was.
    #[graphql(complexity = "STATEMENT + child_complexity")]
    async fn rulebook_version(&self, ctx: &Context<'_>, version: i32) -> Outcome<Option<RulebookVersion>> {
        let shop = guard::shop_reader(ctx)?;
        let rows = rule_versions::page(Loaders::of(ctx).db(), shop, version.checked_add(1), 1).await?;
        let row = rows.into_iter().find(|row| row.version == version);
        Ok(row.map(|row| RulebookVersion { row }))
    }

    /// What is wrong with a condition for a kind of rule; null where nothing is.
    async fn condition_mistake(
        &self,
        ctx: &Context<'_>,
        when: String,
        kind: RuleKind,
    ) -> Outcome<Option<ConditionMistake>> {
        guard::shop_reader(ctx)?;
        let read = ReadRule::new("", Some(&when), kind.consequence(BTreeSet::new(), 1));
        Ok(read.err().map(|error| ConditionMistake {
            position: error.place(&when).into(),
            message: error.message,
        }))
    }
}

#[derive(InputObject)]
pub struct RuleInput {
    name: String,
    /// The condition, such as `order.country == "CH"`; always, without it.
    when: Option<String>,
    kind: RuleKind,
    /// Suppliers by their keys, for ONLY and NEVER.
    suppliers: Option<Vec<String>>,
    /// Pieces for `KEEP_IN_STOCK`, parcels for `MAX_PARCELS`.
    number: Option<i32>,
    #[graphql(default = true)]
    enabled: bool,
    /// The first day that it counts, such as 2026-12-01, in the shop's time zone.
    from: Option<String>,
    /// The last day that it counts.
    until: Option<String>,
}

fn day(field: &str, text: Option<String>) -> Result<Option<NaiveDate>, AppError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d");
    let day = day.map_err(|_| AppError::invalid(field, format!("“{text}” is not a day such as 2026-12-01")))?;
    Ok(Some(day))
}

impl RuleInput {
    pub fn text(self) -> Result<RuleText, AppError> {
        let suppliers = self.suppliers.unwrap_or_default().into_iter().collect();
        // Below zero is as wrong as zero, which the check refuses.
        let count = u32::try_from(self.number.unwrap_or(0)).unwrap_or(0);
        Ok(RuleText {
            name: self.name.trim().to_owned(),
            when: self.when.filter(|when| !when.trim().is_empty()),
            then: self.kind.consequence(suppliers, count),
            enabled: self.enabled,
            from: day("from", self.from)?,
            until: day("until", self.until)?,
        })
    }
}

#[derive(SimpleObject)]
pub struct RulebookPayload {
    rulebook: Option<Rulebook>,
    problems: Vec<Problem>,
    /// Where the condition is wrong, when it is that.
    position: Option<TextPosition>,
}

#[derive(Default)]
pub struct RuleMutation;

#[Object]
impl RuleMutation {
    /// Adds a rule at the end, or puts it in the place of the one with this id. With `version`,
    /// nothing is changed if the rulebook is another one meanwhile.
    async fn save_rule(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        input: RuleInput,
        version: Option<i32>,
    ) -> Outcome<RulebookPayload> {
        let replaces = id.map(|id| id.0);
        let change = input.text().map(|rule| RulesChange::Save { replaces, rule });
        carry_out(ctx, change, version).await
    }

    async fn delete_rule(&self, ctx: &Context<'_>, id: ID, version: Option<i32>) -> Outcome<RulebookPayload> {
        carry_out(ctx, Ok(RulesChange::Delete { name: id.0 }), version).await
    }

    async fn switch_rule(
        &self,
        ctx: &Context<'_>,
        id: ID,
        enabled: bool,
        version: Option<i32>,
    ) -> Outcome<RulebookPayload> {
        carry_out(ctx, Ok(RulesChange::Switch { name: id.0, enabled }), version).await
    }

    /// Puts the rules in another order: all ids, each once.
    async fn order_rules(&self, ctx: &Context<'_>, ids: Vec<ID>, version: Option<i32>) -> Outcome<RulebookPayload> {
        let names = ids.into_iter().map(|id| id.0).collect();
        carry_out(ctx, Ok(RulesChange::Order { names }), version).await
    }

    /// Makes an earlier rulebook the live one again; what stands now stays in the history.
    async fn restore_rules(
        &self,
        ctx: &Context<'_>,
        to_version: i32,
        version: Option<i32>,
    ) -> Outcome<RulebookPayload> {
        carry_out(ctx, Ok(RulesChange::GoBack { version: to_version }), version).await
    }
}

async fn carry_out(
    ctx: &Context<'_>,
    change: Result<RulesChange, AppError>,
    seen: Option<i32>,
) -> Outcome<RulebookPayload> {
    let (shop, identity) = guard::shop_writer(ctx)?;
    let done = match change {
        Ok(change) => change_rules::change_rules(guard::app(ctx), shop, change, seen, &identity.actor()).await,
        Err(error) => Err(error.into()),
    };
    let (done, position) = match done {
        Ok(row) => (Ok(row), None),
        Err(RulesError::Other(error)) => (Err(error), None),
        Err(RulesError::Condition { message, place }) => (Err(AppError::invalid("when", message)), Some(place.into())),
    };
    let (row, problems) = payload(done)?;
    Ok(RulebookPayload {
        rulebook: row.map(|shop| Rulebook { shop }),
        problems,
        position,
    })
}
