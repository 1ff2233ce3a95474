//! Requested cost of an operation by Shopify's published rule at its dearest: an object costs 1, a
//! list or connection its `first` or `last` times one element, a mutation 10, scalars nothing.

use apollo_compiler::{
    ExecutableDocument, Schema,
    ast::OperationType,
    executable::{Field, Operation, Selection, SelectionSet},
    response::JsonMap,
    validation::Valid,
};

pub(crate) const MUTATION: u32 = 10;

/// What is needed to read a `first:` that is a variable.
pub(crate) struct Pricing<'a> {
    pub schema: &'a Valid<Schema>,
    pub document: &'a ExecutableDocument,
    pub variables: &'a JsonMap,
}

impl Pricing<'_> {
    pub fn operation(&self, operation: &Operation) -> u32 {
        let mutation = operation.operation_type == OperationType::Mutation;
        self.selections(&operation.selection_set, &|_| if mutation { MUTATION } else { 0 })
    }

    /// The fields of a selection, each with what `extra` adds to it.
    fn selections(&self, set: &SelectionSet, extra: &dyn Fn(&Field) -> u32) -> u32 {
        let mut total = 0_u32;
        for selection in &set.selections {
            total = total.saturating_add(match selection {
                Selection::Field(field) => self.field(field).saturating_add(extra(field)),
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set, extra),
                Selection::FragmentSpread(spread) => match self.document.fragments.get(&spread.fragment_name) {
                    Some(fragment) => self.selections(&fragment.selection_set, extra),
                    None => 0,
                },
            });
        }
        total
    }

    fn field(&self, field: &Field) -> u32 {
        let ty = field.ty().inner_named_type();
        let composite = self
            .schema
            .types
            .get(ty)
            .is_some_and(|t| t.is_object() || t.is_interface() || t.is_union());
        if !composite {
            return 0;
        }
        let size = self.number(field, "first").or_else(|| self.number(field, "last"));
        if ty.as_str().ends_with("Connection") {
            return self.connection(field, size.unwrap_or(0));
        }
        let each = 1_u32.saturating_add(self.selections(&field.selection_set, &|_| 0));
        let count = size.or_else(|| self.length(field, "ids")).unwrap_or(1);
        each.saturating_mul(count)
    }

    fn connection(&self, field: &Field, size: u32) -> u32 {
        let mut once = 1_u32;
        let mut per_element = 0_u32;
        for selection in &field.selection_set.selections {
            match selection {
                Selection::Field(child) if child.name == "pageInfo" => once = once.saturating_add(1),
                Selection::Field(child) => per_element = per_element.saturating_add(self.field(child)),
                _ => {}
            }
        }
        once.saturating_add(per_element.saturating_mul(size))
    }

    fn number(&self, field: &Field, argument: &str) -> Option<u32> {
        let value = field.specified_argument_by_name(argument)?;
        if let Some(number) = value.to_i32() {
            return u32::try_from(number).ok();
        }
        let number = self.variables.get(value.as_variable()?.as_str())?.as_i64()?;
        u32::try_from(number).ok()
    }

    fn length(&self, field: &Field, argument: &str) -> Option<u32> {
        let value = field.specified_argument_by_name(argument)?;
        let length = match value.as_list() {
            Some(list) => list.len(),
            None => self.variables.get(value.as_variable()?.as_str())?.as_array()?.len(),
        };
        u32::try_from(length).ok()
    }
}
