//! The rows of "JSON" in semantics.md, and the golden values and errors of every type.

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};

use crate::decode::tests::{decode, refused, shown};
use crate::decode::{BadPayload, Reason, decoder};
use crate::spec::{Names, Side, Spec};

mod absent;
mod document;
mod nested;
mod pointers;
mod types;

/// The value of a column `a` of this type, where the document is `{"a":value}`.
fn value(data_type: &str, value: &str) -> String {
    shown(&format!("json:a:{data_type}"), format!(r#"{{"a":{value}}}"#).as_bytes())
}

/// The error of the same; positions count from the value.
fn wrong(data_type: &str, value: &str) -> (Reason, isize, String) {
    let error = refused(&format!("json:a:{data_type}"), format!(r#"{{"a":{value}}}"#).as_bytes());
    (error.reason, error.position as isize - 5, error.message)
}

fn int64s(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

fn one(spec: &str, payload: &str) -> (Vec<ArrayRef>, Vec<BadPayload>) {
    decode(spec, &[Some(payload.as_bytes())])
}
