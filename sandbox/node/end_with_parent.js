// Ends this process when the one that started it is gone, however that happened: its end of our standard input closes then.
// Azurite answers SIGTERM by writing its data to disk first; before it listens there is nobody to answer, and nothing to write.
const end = () => process.emit("SIGTERM") || process.exit(0);
process.stdin.on("end", end);
process.stdin.on("error", end);
process.stdin.resume();
