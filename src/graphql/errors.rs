//! What is told when something does not go as asked. Expected outcomes are
//! data ([`Problem`]), all else is an error with a stable code ([`Failure`]).

use std::sync::Arc;

use async_graphql::{Enum, ErrorExtensions as _, SimpleObject};
use sea_orm::DbErr;

use crate::{actions::supplier_report::ReportError, error::AppError};

/// What resolvers answer.
pub type Outcome<T> = Result<T, Failure>;

/// A surprise. Deliberately without `Display`: anything displayable becomes an
/// error with its text as it stands, and internals must stay inside.
#[derive(Clone, Debug)]
pub struct Failure(Arc<AppError>);

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self(Arc::new(error))
    }
}

impl From<DbErr> for Failure {
    fn from(error: DbErr) -> Self {
        AppError::from(error).into()
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        failure.0.log();
        let code = failure.0.code();
        Self::new(failure.0.public_message()).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// An outcome that was to be expected, for the person who asked.
#[derive(Clone, Debug, SimpleObject)]
pub struct Problem {
    /// The way to the input that it is about.
    field: Option<Vec<String>>,
    code: ProblemCode,
    message: String,
}

impl Problem {
    /// A field that is wrong.
    pub fn invalid(field: Vec<String>, message: String) -> Self {
        Self {
            field: Some(field),
            code: ProblemCode::Invalid,
            message,
        }
    }

    /// The same of an input that is part of another.
    pub fn under(mut self, outer: &[&str]) -> Self {
        let inner = self.field.take().unwrap_or_default();
        self.field = Some(outer.iter().map(|&step| step.to_owned()).chain(inner).collect());
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ProblemCode {
    NotFound,
    Invalid,
    Conflict,
    Forbidden,
    AlreadyDone,
    WrongCredentials,
    Expired,
}

/// The answer of a mutation: its result, or the problems; surprises go on as errors.
pub fn payload<T>(result: Result<T, AppError>) -> Outcome<(Option<T>, Vec<Problem>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(error) => Ok((None, vec![problem(error)?])),
    }
}

fn problem(error: AppError) -> Outcome<Problem> {
    let code = match &error {
        AppError::NotFound(_) => ProblemCode::NotFound,
        AppError::Invalid { .. } => ProblemCode::Invalid,
        AppError::Conflict(_) => ProblemCode::Conflict,
        AppError::Forbidden(_) => ProblemCode::Forbidden,
        AppError::AlreadyDone(_) => ProblemCode::AlreadyDone,
        AppError::WrongCredentials => ProblemCode::WrongCredentials,
        AppError::Expired(_) => ProblemCode::Expired,
        AppError::Report(report) => match report_code(report) {
            Some(code) => code,
            None => return Err(error.into()),
        },
        AppError::Unauthenticated
        | AppError::NotAuthentic(_)
        | AppError::TooLarge(_)
        | AppError::TooSlow(_)
        | AppError::TooMany(_)
        | AppError::Unavailable(_)
        | AppError::Database(_)
        | AppError::Internal(_) => return Err(error.into()),
    };
    let message = error.public_message();
    let path = error.field();
    let field = path.map(|path| path.split('.').map(str::to_owned).collect());
    Ok(Problem { field, code, message })
}

/// None for a surprise.
const fn report_code(report: &ReportError) -> Option<ProblemCode> {
    match report {
        ReportError::NotFound | ReportError::UnknownShipment => Some(ProblemCode::NotFound),
        ReportError::ReferenceTaken | ReportError::NothingToAnswer | ReportError::Closed(_) => {
            Some(ProblemCode::Conflict)
        }
        ReportError::Invalid { .. } | ReportError::UnknownLine { .. } | ReportError::Quantity { .. } => {
            Some(ProblemCode::Invalid)
        }
        ReportError::Database(_) => None,
    }
}
