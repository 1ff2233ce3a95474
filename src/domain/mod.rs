//! The words of the business as types, and what may happen to them: state
//! machines, money, quantities. Pure: no clock, no database, no network.

pub mod address;
pub mod carriers;
pub mod circuit;
pub mod costs;
pub mod event;
pub mod exception;
pub mod fulfilment;
pub mod goods;
pub mod intent;
pub mod mapping;
pub mod mapping_csv;
pub mod matching;
pub mod money;
pub mod order;
pub mod parcel;
pub mod purchase_order;
pub mod rejection;
pub mod review;
pub mod rules;
pub mod setup;
pub mod shop;
pub mod supplier;
pub mod supplier_state;
pub mod sweep;
pub mod text_enum;
pub mod throttle;
pub mod what_if;
