//! Ports that stay a cluster's own, whether somebody listens there or not.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

/// A port of this machine. While it exists, the system gives the port to nobody else: not to another listener, and not to a connection
/// that goes out, of which tests that run beside this one have many.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _held: Socket,
}

impl Port {
    /// Takes a port; 0 for any that is free.
    pub(crate) fn take(number: u16) -> io::Result<Self> {
        let held = bound(number, false)?;
        let taken = held.local_addr()?.as_socket().map_or(0, |address| address.port());
        Ok(Self { number: taken, _held: held })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }

    /// Listens there. Connections are refused before that, and after the listener is dropped.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        // What is left of closed connections keeps nobody from listening there later.
        let socket = bound(self.number, true)?;
        socket.listen(1024)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }
}

/// A socket that shares its port with others of this cluster: one holds it, one listens.
fn bound(port: u16, reuse_address: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(reuse_address)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_gets_a_port_on_which_nobody_listens() {
        let port = Port::take(0).expect("there is a port");
        let address = (Ipv4Addr::LOCALHOST, port.number());
        drop(port.listen().expect("it listens"));
        let taken = TcpListener::bind(address).expect_err("it is the cluster's");
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        port.listen().expect("it listens again");
    }
}
