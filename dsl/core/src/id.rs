//! Typed ids: a slot cannot be confused with a kernel, nor a node with a value.

/// Declares an id type for one kind of item. It is displayed and serialized as a plain number.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub struct $name(u32);
        cranelift_entity::entity_impl!($name);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}
pub(crate) use id;

/// Serializes maps keyed by ids as lists: for `#[serde(with = …)]`.
pub(crate) mod list {
    use cranelift_entity::{EntityRef, PrimaryMap};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: EntityRef, V: Serialize, S: Serializer>(
        map: &PrimaryMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.values())
    }

    pub(crate) fn deserialize<'de, K: EntityRef, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PrimaryMap<K, V>, D::Error> {
        Vec::deserialize(deserializer).map(PrimaryMap::from)
    }
}
