#!/bin/busybox sh
# The first process of the emulated board: modules, network, then a shell that the test on the host talks to.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module.ko"; done </modules/order

tries=0
until [ -e /sys/class/net/usb0 ] || [ "$tries" -ge 600 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
ip link set lo up
ip addr add 10.0.2.15/24 dev usb0
ip link set usb0 up
ip route add default via 10.0.2.2

port=$(sed 's/.*control=\([0-9]*\).*/\1/' /proc/cmdline)
while :; do
    nc 10.0.2.2 "$port" -e /bin/sh
    sleep 1
done
