use super::{ask, only};
use crate::Hub;
use crate::tests::host::World;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Values by key, which an application keeps with a client as one value of a type of its own.
#[derive(Clone, Default)]
struct ByKey(Arc<Mutex<BTreeMap<String, u32>>>);

impl ByKey {
    fn set(&self, key: &str, value: u32) {
        self.0.lock().unwrap().insert(key.into(), value);
    }

    fn value(&self, key: &str) -> Option<u32> {
        self.0.lock().unwrap().get(key).copied()
    }
}

#[test]
fn values_by_key_are_a_map_that_is_kept_by_its_type() {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            let values = ByKey::default();
            values.set("seen", 3);
            connecting.insert(values);
            connecting.insert("another value");
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                let values = session.get::<ByKey>().unwrap();
                assert_eq!(values.value("seen"), Some(3));
                values.set("tags", 2);
                Ok(())
            })
        });
    let mut world = World::new(builder);
    ask(&mut world, "/");
    let client = only(&world);
    client.get::<ByKey>().unwrap().set("seen", 4);
    let values: ByKey = client.get().unwrap();
    assert_eq!((values.value("seen"), values.value("tags"), values.value("other")), (Some(4), Some(2), None));
    assert_eq!(client.get::<&str>(), Some("another value"));
}
