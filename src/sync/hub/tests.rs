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
fn an_older_socket_whose_hello_comes_last_takes_nobodys_seat() {
    let hub = Arc::new(Hub::default());
    let mut new = hub.join_device(id(1), id(2), id(11));
    let mut old = hub.join_device(id(1), id(2), id(10));
    assert!(matches!(*old.orders.try_recv().unwrap(), Order::Close(Close::Superseded)));
    assert!(new.orders.try_recv().is_err());
    drop(old);
    assert!(hub.has(id(2)) && hub.wants(id(1)));
    hub.close_device(id(2), Close::DeviceRevoked);
    assert!(matches!(*new.orders.try_recv().unwrap(), Order::Close(Close::DeviceRevoked)));
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
    assert!(hub.guard_exactly(id(5), hub.moves(id(5)), &[(id(1), None)].into()));
    hub.tell_guardians(id(2), &"other".into());
    hub.tell_guardians(id(1), &"mine".into());
    assert!(matches!(*seat.orders.try_recv().unwrap(), Order::Say(ref text) if text == "mine"));
    assert!(seat.orders.try_recv().is_err());
    hub.guard(id(5), id(1), false);
    hub.tell_guardians(id(1), &"late".into());
    assert!(seat.orders.try_recv().is_err());
}

#[test]
fn a_guardians_last_socket_takes_everything_along() {
    let hub = Arc::new(Hub::default());
    let teens = [(id(1), None), (id(2), None)].into();
    let (first, mut second) = (hub.join_guardian(id(5), id(6), id(12)), hub.join_guardian(id(5), id(7), id(13)));
    assert!(hub.guard_exactly(id(5), hub.moves(id(5)), &teens));
    drop(first);
    hub.tell_guardians(id(2), &"still".into());
    assert!(matches!(*second.orders.try_recv().unwrap(), Order::Say(ref text) if text == "still"));
    assert!(hub.guard_exactly(id(5), hub.moves(id(5)), &[(id(2), None)].into()));
    assert_eq!((hub.guarded(), hub.guards(id(1)), hub.sessions()), (vec![id(2)], false, vec![id(7)]));
    drop(second);
    assert!(hub.guarded().is_empty() && hub.guardians().is_empty() && hub.sockets() == 0);
    assert!(hub.guard_exactly(id(5), hub.moves(id(5)), &teens));
    assert!(hub.guarded().is_empty(), "nobody is told who does not sit here");
}

#[test]
fn a_session_that_ends_takes_its_own_sockets_only() {
    let hub = Arc::new(Hub::default());
    let (first, mut second) = (hub.join_guardian(id(5), id(6), id(12)), hub.join_guardian(id(5), id(6), id(13)));
    let (mut other, mut another) = (hub.join_guardian(id(5), id(7), id(14)), hub.join_guardian(id(8), id(9), id(15)));
    drop(first);
    hub.close_session(id(6), Close::Credentials);
    assert!(matches!(*second.orders.try_recv().unwrap(), Order::Close(Close::Credentials)));
    assert!(other.orders.try_recv().is_err() && another.orders.try_recv().is_err());
    drop(second);
    assert_eq!(hub.sessions().len(), 2);
}

#[test]
fn a_list_that_was_read_before_something_moved_changes_nothing() {
    let hub = Arc::new(Hub::default());
    let _seat = hub.join_guardian(id(5), id(6), id(12));
    let (read_at, teens) = (hub.moves(id(5)), [(id(1), None)].into());
    hub.guard(id(5), id(1), false);
    assert!(!hub.guard_exactly(id(5), read_at, &teens) && !hub.guards(id(1)), "the pairing has ended");
    assert!(hub.guard_exactly(id(5), hub.moves(id(5)), &teens) && hub.guards(id(1)));
}

#[test]
fn a_full_lane_grows_no_further() {
    let hub = Arc::new(Hub::default());
    let device = hub.join_device(id(1), id(2), id(10));
    let guardian = hub.join_guardian(id(5), id(6), id(12));
    assert!(hub.guard_exactly(id(5), hub.moves(id(5)), &[(id(1), None)].into()));
    for _ in 0..200 {
        hub.tell_devices(id(1), &"to the teen".into());
        hub.tell_guardians(id(1), &"to the guardian".into());
    }
    assert_eq!((device.orders.len(), guardian.orders.len()), (DEVICE_LANE, GUARDIAN_LANE));
}
