//! The only SQL: one file per table, with its entity and every query on it.
//!
//! Every function on tenant data takes the tenant's id first after the
//! connection. Reads take any connection; writes take a [`Tx`], so that what
//! belongs together commits together. Rows of one order are changed only by
//! whoever holds its lock ([`orders::lock`]).

pub mod allocations;
pub mod api_keys;
pub mod circuits;
pub mod columns;
pub mod connections;
pub mod db;
pub mod deliveries;
pub mod delivery_sizes;
pub mod events;
pub mod exceptions;
mod failure;
pub mod fulfillment_orders;
pub mod fulfillments;
mod held_order;
mod intake;
pub mod intents;
pub mod invitations;
pub mod jobs;
mod keys;
mod known;
mod lease_time;
pub mod locations;
pub mod mapping_components;
pub mod mappings;
pub mod match_proposals;
pub mod match_runs;
pub mod memberships;
mod narrow;
pub mod oauth_states;
pub mod offer_keys;
pub mod offers;
pub mod order_lines;
pub mod order_state;
pub mod order_states;
pub mod orders;
mod paging;
pub mod party;
mod patience;
mod pending;
pub mod po_lines;
mod pool;
pub mod prune_marks;
pub mod purchase_orders;
pub mod reservations;
pub mod routing_plans;
pub mod rule_versions;
pub mod schedules;
pub mod security_events;
pub mod sessions;
pub mod shipment_lines;
pub mod shipments;
pub mod shop_budgets;
pub mod shops;
pub mod sign_in_attempts;
pub mod supplier_orders;
pub mod supplier_reads;
pub mod suppliers;
pub mod sweeps;
mod together;
mod tx;
pub mod users;
pub mod variant_keys;
pub mod variants;
pub mod wakeups;
pub mod wal;
pub mod what_if_orders;
pub mod what_if_runs;
mod write_connection;
mod writer;

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait as _, DbErr, EntityTrait, IntoActiveModel, ModelTrait, QueryTrait as _,
};
use uuid::Uuid;

pub use db::{Db, Schema};
pub use failure::{is_about_content, is_about_database};
pub use known::Recall;
pub use party::Party;
pub use patience::Reader;
pub use tx::Tx;

use pending::Write;

/// The most rows one query may ask for.
pub const MAX_PAGE: u64 = 250;

/// Writes a new row with every column of the model: before the transaction reads
/// again, or with its commit. Whatever is wrong with it is said there.
pub fn insert<M, A>(tx: &Tx, model: M) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A> + 'static,
    A: ActiveModelTrait<Entity = M::Entity> + Send,
{
    insert_all(tx, vec![model])
}

/// The same for many rows, in statements of a bounded size.
pub fn insert_all<M, A>(tx: &Tx, models: Vec<M>) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A> + 'static,
    A: ActiveModelTrait<Entity = M::Entity> + Send,
{
    let mut models = models.into_iter();
    loop {
        let chunk: Vec<M> = models.by_ref().take(200).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let keys = chunk.iter().map(pending::key).collect();
        for model in &chunk {
            tx.follow(model);
        }
        let rows = chunk.into_iter().map(|model| model.into_active_model().reset_all());
        let insert = <M::Entity as EntityTrait>::insert_many(rows);
        tx.write(Write::insert::<M::Entity>(
            insert.build(tx.get_database_backend()),
            keys,
        ));
    }
}

/// Writes every column of a row that was read before, by its primary key, and as
/// late as [`insert`] does. That the row is still there is for the order's lock to see to.
pub fn save<M, A>(tx: &Tx, model: M) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A> + 'static,
    A: ActiveModelTrait<Entity = M::Entity> + sea_orm::ActiveModelBehavior + Send,
{
    let key = pending::key(&model);
    tx.follow(&model);
    let row = model.into_active_model().reset_all();
    let backend = tx.get_database_backend();
    tx.write(if tx.is_to_make::<M::Entity>(&key) {
        let insert = <M::Entity as EntityTrait>::insert_many([row]);
        Write::insert::<M::Entity>(insert.build(backend), vec![key])
    } else {
        let update = <M::Entity as EntityTrait>::update(row).validate()?;
        Write::save::<M::Entity>(update.build(backend), key)
    });
    Ok(())
}

/// The least id that a row made at a time can have: our ids begin with their time.
#[must_use]
pub fn first_id_at(time: DateTime<Utc>) -> Uuid {
    let ms = u128::from(time.timestamp_millis().max(0).unsigned_abs());
    Uuid::from_u128(ms << 80)
}

/// Rows as read are signed; quantities are not.
#[must_use]
pub fn units(column: i32) -> u32 {
    u32::try_from(column).unwrap_or(0)
}

/// A quantity as a column; a quantity beyond two thousand million is capped.
#[must_use]
pub fn column(units: u32) -> i32 {
    i32::try_from(units).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_not_before_the_first_of_its_time() {
        let made = Uuid::now_v7();
        let (seconds, nanoseconds) = made.get_timestamp().expect("it begins with its time").to_unix();
        let at = DateTime::from_timestamp(i64::try_from(seconds).expect("fits"), nanoseconds).expect("a time");
        assert!(first_id_at(at) <= made);
        assert!(first_id_at(at + chrono::TimeDelta::milliseconds(1)) > made);
    }
}
