// Numbers in network order, as the update engine reads and writes them: a second copy would take a device 250 bytes.
global using BigEndian = Flint.Ota.OtaBytes;
