//! A real schema registry on 127.0.0.1: [`SchemaRegistry`], and what stands before it where it lacks something: [`RegistryFront`].

mod apicurio;
mod front;
mod http;

pub use apicurio::SchemaRegistry;
pub use front::{FrontBuilder, RegistryFront};

pub(crate) use apicurio::installation;
