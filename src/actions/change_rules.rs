//! Changes a shop's own routing rules: one rulebook takes the place of another, with a
//! version in its history, and what waits for a person is routed again.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbErr};

use super::revisit_orders::routing_changed;
use crate::{
    app::App,
    domain::{
        event::Actor,
        rules::{Consequence, MOST_RULES, RuleText},
    },
    error::AppError,
    ids::ShopId,
    routing::{expressions::Place, rulebook::Rule},
    store::{
        self, Tx,
        rule_versions::{self, NewVersion},
        shops, suppliers,
    },
};

/// What to do. Rules are called by their names, of which there is one each.
#[derive(Clone, Debug)]
pub enum RulesChange {
    /// Puts a rule in the place of another, or at the end.
    Save {
        replaces: Option<String>,
        rule: RuleText,
    },
    Delete {
        name: String,
    },
    Switch {
        name: String,
        enabled: bool,
    },
    /// All names in their new order.
    Order {
        names: Vec<String>,
    },
    GoBack {
        version: i32,
    },
}

/// Why rules were not changed.
#[derive(Debug)]
pub enum RulesError {
    /// The condition of the rule that was to be saved is wrong here.
    Condition {
        message: String,
        place: Place,
    },
    Other(AppError),
}

impl<E: Into<AppError>> From<E> for RulesError {
    fn from(error: E) -> Self {
        Self::Other(error.into())
    }
}

/// Changes the rules and gives the shop back as it then stands. Where `seen` names a
/// version, the rules must still be those.
pub async fn change_rules(
    app: &App,
    shop: ShopId,
    change: RulesChange,
    seen: Option<i32>,
    actor: &Actor,
) -> Result<shops::Model, RulesError> {
    let tx = app.db.begin().await?;
    let mut row = shops::lock(&tx, shop).await?.ok_or(AppError::NotFound("this shop"))?;
    let version = rule_versions::newest(tx.conn(), shop).await?;
    if seen.is_some_and(|seen| seen != version) {
        let message = "the rules were changed meanwhile; look at them again";
        return Err(AppError::Conflict(message.to_owned()).into());
    }
    let (rules, what) = changed(&tx, shop, &row.settings.0.rules, change).await?;
    if rules == row.settings.0.rules {
        return Ok(row);
    }
    row.settings.0.rules = rules;
    store::save(&tx, row.clone())?;
    note_change(&tx, shop, &row.settings.0.rules, what, actor, app.clock.now()).await?;
    tx.commit().await?;
    Ok(row)
}

/// Keeps the version, and has the orders looked at again that wait for a person.
pub(super) async fn note_change(
    tx: &Tx,
    shop: ShopId,
    rules: &[RuleText],
    what: String,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let by = actor.to_string();
    let new = NewVersion {
        rules,
        what,
        by: by.clone(),
        at: now,
    };
    rule_versions::add(tx, shop, new).await?;
    routing_changed(tx, shop, "The shop's rules were changed", by, now)
}

/// The rules after a change, and what it was, in words.
async fn changed(
    tx: &Tx,
    shop: ShopId,
    rules: &[RuleText],
    change: RulesChange,
) -> Result<(Vec<RuleText>, String), RulesError> {
    let mut after = rules.to_vec();
    let what = match change {
        RulesChange::Save { replaces, rule } => {
            check(tx.conn(), shop, &rule).await?;
            save(&mut after, replaces.as_deref(), rule)?
        }
        RulesChange::Delete { name } => {
            after.remove(place_of(&after, &name)?);
            format!("“{name}” was deleted")
        }
        RulesChange::Switch { name, enabled } => {
            let at = place_of(&after, &name)?;
            after[at].enabled = enabled;
            format!("“{name}” was switched {}", if enabled { "on" } else { "off" })
        }
        RulesChange::Order { names } => {
            after = ordered(&after, &names)?;
            "The order was changed".to_owned()
        }
        RulesChange::GoBack { version } => {
            after = earlier(tx, shop, version).await?;
            format!("Back to version {version}")
        }
    };
    Ok((after, what))
}

fn place_of(rules: &[RuleText], name: &str) -> Result<usize, AppError> {
    let found = rules.iter().position(|rule| rule.name == name);
    found.ok_or(AppError::NotFound("this rule"))
}

fn save(rules: &mut Vec<RuleText>, replaces: Option<&str>, rule: RuleText) -> Result<String, AppError> {
    let at = replaces.map(|name| place_of(rules, name)).transpose()?;
    let mut others = rules.iter().enumerate().filter(|(other, _)| Some(*other) != at);
    if others.any(|(_, other)| other.name == rule.name) {
        let message = format!("there is a rule “{}” already", rule.name);
        return Err(AppError::invalid("name", message));
    }
    let name = rule.name.clone();
    match at {
        Some(at) if rules[at].name != name => {
            let before = std::mem::replace(&mut rules[at], rule).name;
            Ok(format!("“{before}” was changed and is now “{name}”"))
        }
        Some(at) => {
            rules[at] = rule;
            Ok(format!("“{name}” was changed"))
        }
        None if rules.len() >= MOST_RULES => Err(AppError::Conflict(format!("a shop has at most {MOST_RULES} rules"))),
        None => {
            rules.push(rule);
            Ok(format!("“{name}” was added"))
        }
    }
}

fn ordered(rules: &[RuleText], names: &[String]) -> Result<Vec<RuleText>, AppError> {
    let found: Vec<RuleText> = (names.iter())
        .filter_map(|name| rules.iter().find(|rule| rule.name == *name).cloned())
        .collect();
    let all = rules.iter().all(|rule| names.contains(&rule.name));
    if !all || names.len() != rules.len() || found.len() != rules.len() {
        let message = "name each of the shop's rules exactly once";
        return Err(AppError::invalid("ids", message));
    }
    Ok(found)
}

/// The rules of an earlier version, if all of them can still be read.
async fn earlier(tx: &Tx, shop: ShopId, version: i32) -> Result<Vec<RuleText>, AppError> {
    let found = rule_versions::by_version(tx.conn(), shop, version).await?;
    let rules = found.ok_or(AppError::NotFound("this version"))?.rules.0;
    for rule in &rules {
        if let Err(error) = Rule::read(rule) {
            let message = format!("its rule “{}” can no longer be read: {error}", rule.name);
            return Err(AppError::Conflict(message));
        }
    }
    Ok(rules)
}

/// Whether a rule can be a rule of the shop's.
pub(super) async fn check(db: &impl ConnectionTrait, shop: ShopId, rule: &RuleText) -> Result<(), RulesError> {
    rule.check()
        .map_err(|(field, message)| AppError::invalid(field, message))?;
    if let Err(error) = Rule::read(rule) {
        let place = error.place(rule.when.as_deref().unwrap_or_default());
        let message = error.message;
        return Err(RulesError::Condition { message, place });
    }
    let (Consequence::Only(keys) | Consequence::Never(keys)) = &rule.then else {
        return Ok(());
    };
    for key in keys {
        let found = suppliers::by_key(db, key).await?;
        // Another shop's own supplier is nobody here.
        if found.is_none_or(|supplier| supplier.shop_id.is_some_and(|owner| owner != shop)) {
            return Err(AppError::invalid("suppliers", format!("there is no supplier “{key}”")).into());
        }
    }
    Ok(())
}
