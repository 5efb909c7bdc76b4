use uuid::Uuid;

use super::*;

fn id<K>(n: u128) -> crate::domain::ids::Id<K> {
    Uuid::from_u128(n).into()
}

#[test]
fn a_late_close_of_the_old_socket_leaves_the_new_one_seated() {
    let hub = Arc::new(Hub::default());
    let mut old = hub.join_device(id(1), id(2), id(10));
    let new = hub.join_device(id(1), id(2), id(11));
    assert!(matches!(*old.orders.try_recv().unwrap(), Order::Close(Close::Superseded)));
    drop(old);
    assert!(hub.has(id(2)) && hub.wants(id(1)));
    hub.close_device(id(2), Close::DeviceRevoked);
    let mut new = new;
    assert!(matches!(*new.orders.try_recv().unwrap(), Order::Close(Close::DeviceRevoked)));
    drop(new);
    assert!(!hub.has(id(2)) && !hub.wants(id(1)) && hub.sockets() == 0);
}

#[test]
fn whoever_is_last_lets_the_teen_go() {
    let hub = Arc::new(Hub::default());
    let old = hub.join_device(id(1), id(2), id(10));
    let new = hub.join_device(id(1), id(2), id(11));
    drop(new);
    assert!(!hub.has(id(2)) && hub.sockets() == 0);
    drop(old);
    assert!(!hub.wants(id(1)), "nobody follows the teen any more");
}

#[test]
fn a_guardian_hears_only_of_teens_they_guard() {
    let hub = Arc::new(Hub::default());
    let mut seat = hub.join_guardian(id(5), id(6), id(12));
    hub.guard_exactly(id(5), &[id(1)].into_iter().collect());
    hub.tell_guardians(id(2), &"other".into());
    hub.tell_guardians(id(1), &"mine".into());
    assert!(matches!(*seat.orders.try_recv().unwrap(), Order::Say(ref text) if text == "mine"));
    assert!(seat.orders.try_recv().is_err());
    hub.guard(id(5), id(1), false);
    hub.tell_guardians(id(1), &"late".into());
    assert!(seat.orders.try_recv().is_err());
}
