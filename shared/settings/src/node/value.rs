//! How one value becomes the type that was asked for, without guessing.

use config::{Map, Value, ValueKind};
use serde::de::value::StringDeserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};

use super::access::{Elements, Entries, Parts};
use super::{Content, Fault, Node};
use crate::field::FIELD;
use crate::nearest;

/// The number as config keeps it, or parsed where everything is text.
enum Number {
    Whole(i128),
    Real(f64),
}

fn as_text(kind: &ValueKind) -> Option<&str> {
    if let ValueKind::String(text) = kind { Some(text) } else { None }
}

impl Node<'_> {
    fn kind(&self) -> Option<&ValueKind> {
        if let Content::Given(value) = &self.content { Some(&value.kind) } else { None }
    }

    fn number(&self) -> Option<Number> {
        match self.kind() {
            Some(ValueKind::I64(number)) => Some(Number::Whole((*number).into())),
            Some(ValueKind::I128(number)) => Some(Number::Whole(*number)),
            Some(ValueKind::Float(number)) => Some(Number::Real(*number)),
            Some(ValueKind::String(text)) if self.is_text() => {
                let whole = text.trim().parse().ok().map(Number::Whole);
                whole.or_else(|| text.trim().parse().ok().map(Number::Real))
            }
            _ => None,
        }
    }

    fn whole_number(&self, min: i128, max: i128) -> Result<i128, Fault> {
        match self.number() {
            Some(Number::Whole(number)) if (min..=max).contains(&number) => Ok(number),
            _ => {
                Err(self.must_be(&format!("a whole number from {min} to {max}"), self.how("a whole number")))
            }
        }
    }

    fn real_number(&self) -> Result<f64, Fault> {
        match self.number() {
            // Settings are far below the 2^53 from which a whole number is rounded.
            #[expect(clippy::cast_precision_loss, reason = "rounded above 2^53, which no setting comes near")]
            Some(Number::Whole(number)) => Ok(number as f64),
            Some(Number::Real(number)) if number.is_finite() => Ok(number),
            _ => Err(self.must_be("a finite number", self.how("a number"))),
        }
    }

    fn truth(&self) -> Result<bool, Fault> {
        let value = match self.kind() {
            Some(ValueKind::Boolean(value)) => Some(*value),
            Some(kind) if self.is_text() => Value::new(None, kind.clone()).into_bool().ok(),
            _ => None,
        };
        value.ok_or_else(|| self.must_be("true or false", self.how("true or false")))
    }

    fn string(&self) -> Result<String, Fault> {
        let text = self.kind().and_then(as_text);
        text.map(str::to_owned).ok_or_else(|| self.must_be("text", "write it in quotes"))
    }

    /// Says how to write the right thing; quotes are the usual slip in a file.
    fn how(&self, thing: &str) -> String {
        if self.is_text() { format!("write {thing}") } else { format!("write {thing} without quotes") }
    }

    /// Takes the values of a table; none if something else stands there, which has then been reported.
    fn take_table(&mut self) -> Result<Option<Map<String, Value>>, Fault> {
        match std::mem::replace(&mut self.content, Content::Spoiled) {
            Content::Missing => Ok(Some(Map::new())),
            Content::Spoiled => Ok(None),
            Content::Given(Value { kind: ValueKind::Table(values), .. }) => Ok(Some(values)),
            Content::Given(value) => {
                self.content = Content::Given(value);
                let next_step = format!("set the keys below {} one by one", self.key);
                self.wrong_structure(self.must_be("a table", next_step)).map(|()| None)
            }
        }
    }

    /// Takes the values of a list; where everything is text, commas part them.
    fn take_list(&mut self) -> Result<Vec<Value>, Fault> {
        let is_text = self.is_text();
        match std::mem::replace(&mut self.content, Content::Spoiled) {
            Content::Missing | Content::Spoiled => Ok(Vec::new()),
            Content::Given(Value { kind: ValueKind::Array(values), .. }) => Ok(values),
            Content::Given(value) => {
                if let (ValueKind::String(text), true) = (&value.kind, is_text) {
                    let origin = value.origin().map(str::to_owned);
                    let part = |part: &str| Value::new(origin.as_ref(), part.trim());
                    return Ok(text.split(',').map(part).collect());
                }
                self.content = Content::Given(value);
                self.wrong_structure(self.must_be("a list", "write it in square brackets"))
                    .map(|()| Vec::new())
            }
        }
    }

    fn wrong_structure(&self, fault: Fault) -> Result<(), Fault> {
        if self.within_field {
            return Err(fault);
        }
        self.walk.report(fault);
        Ok(())
    }
}

macro_rules! whole_numbers {
    ($($method:ident $type:ty, $visit:ident;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let number = self.whole_number(<$type>::MIN.into(), <$type>::MAX.into())?;
            match <$type>::try_from(number) {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(self.must_be(stringify!($type), "choose a smaller number")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Fault;

    whole_numbers! {
        deserialize_i8 i8, visit_i8;
        deserialize_i16 i16, visit_i16;
        deserialize_i32 i32, visit_i32;
        deserialize_i64 i64, visit_i64;
        deserialize_u8 u8, visit_u8;
        deserialize_u16 u16, visit_u16;
        deserialize_u32 u32, visit_u32;
        deserialize_u64 u64, visit_u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            Some(ValueKind::Table(_)) => self.deserialize_map(visitor),
            Some(ValueKind::Array(_)) => self.deserialize_seq(visitor),
            Some(ValueKind::Boolean(value)) => visitor.visit_bool(*value),
            Some(ValueKind::Float(number)) => visitor.visit_f64(*number),
            Some(ValueKind::I64(number)) => visitor.visit_i64(*number),
            _ => visitor.visit_string(self.string()?),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.truth()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.real_number()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.real_number()?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.string()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.string()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.content {
            Content::Missing | Content::Spoiled => visitor.visit_none(),
            Content::Given(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let values = self.take_list()?;
        visitor.visit_seq(Elements::new(self, values))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == FIELD { visitor.visit_seq(Parts::of(self)) } else { self.deserialize_seq(visitor) }
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let values = self.take_table()?.unwrap_or_default();
        visitor.visit_map(Entries::of_map(self, values))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let values = self.take_table()?;
        visitor.visit_map(Entries::of_struct(self, fields, values))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.string() {
            Ok(text) if variants.contains(&text.as_str()) => {
                let variant: StringDeserializer<Fault> = text.into_deserializer();
                visitor.visit_enum(variant)
            }
            Ok(text) => {
                Err(self
                    .must_be(&format!("one of {}", variants.join(", ")), nearest::choice(&text, variants)))
            }
            Err(_) => {
                Err(self.must_be(&format!("one of {}", variants.join(", ")), "choose one, written in quotes"))
            }
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { bytes byte_buf unit unit_struct identifier }
}
