//! A TCP socket as the properties want it.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpSocket, TcpStream};

use crate::config::{AddressFamily, SocketSettings};

/// Whether an address is of the family that may be tried.
pub(super) fn may_be_tried(address: &SocketAddr, settings: &SocketSettings) -> bool {
    match settings.family {
        AddressFamily::Any => true,
        AddressFamily::V4 => address.is_ipv4(),
        AddressFamily::V6 => address.is_ipv6(),
    }
}

/// A stream to the address. The buffers are asked for before it is connected: the window is agreed on then.
pub(super) async fn open(address: SocketAddr, settings: &SocketSettings) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bytes) = settings.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(bytes) = settings.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    socket.set_keepalive(settings.keepalive)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(settings.nodelay)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> SocketSettings {
        crate::config::Settings::from_properties(&pairs.iter().copied().collect()).expect("valid").sockets
    }

    #[tokio::test]
    async fn a_socket_has_the_buffers_and_options_of_the_properties() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("bound");
        let small =
            settings(&[("receive.buffer.bytes", "8192"), ("send.buffer.bytes", "8192"), ("socket.nagle.disable", "false")]);
        let plain = open(address, &SocketSettings::default()).await.expect("connects");
        let stream = open(address, &small).await.expect("connects");
        assert_eq!((plain.nodelay().ok(), stream.nodelay().ok()), (Some(true), Some(false)));
        let receive = |stream: TcpStream| {
            let std = stream.into_std().expect("a socket");
            TcpSocket::from_std_stream(std).recv_buffer_size().expect("known")
        };
        let (chosen, systems) = (receive(stream), receive(plain));
        // Linux doubles what is asked for.
        assert!(chosen <= 2 * 8192 && systems > chosen, "{chosen} and {systems}");
    }

    #[test]
    fn addresses_of_another_family_are_not_tried() {
        let (v4, v6) = ("10.0.0.1:1".parse().expect("IPv4"), "[::1]:1".parse().expect("IPv6"));
        for (family, expected) in [("any", (true, true)), ("v4", (true, false)), ("v6", (false, true))] {
            let settings = settings(&[("broker.address.family", family)]);
            assert_eq!((may_be_tried(&v4, &settings), may_be_tried(&v6, &settings)), expected, "{family}");
        }
    }
}
