//! The log of a CA: whatever is read can be written and read again, and no line is found that is not there.
#![no_main]

use std::path::Path;

use kubepki::core::log::{Error, Event, Filter, Line, Scan, Standing, State};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let filter = Filter { name: Some("a".to_owned()), ..Filter::default() };
    let glance = filter.glance();
    let (mut all, mut some) = (0, 0);
    let takes = |line: &Line<'_>| match &line.event {
        Event::Issued(issued) => filter.takes(issued, line.act.when, State::Valid),
        _ => false,
    };
    let mut standing = Standing::default();
    let read = Scan::new(Path::new("log")).block::<Error>(
        bytes,
        |_| true,
        |line| {
            let encoded = line.encode();
            assert_eq!(Line::decode(&encoded[..encoded.len() - 1]).expect("a line"), line);
            all += usize::from(takes(&line));
            standing.add(line);
            Ok(())
        },
    );
    let Ok(()) = read else { return };
    let _ = Scan::new(Path::new("log")).block::<Error>(bytes, glance, |line| {
        some += usize::from(takes(&line));
        Ok(())
    });
    assert_eq!(all, some);
});
