// A server whose methods answer what a manager of virtual machines asks for all day, by every way that the port has.
import { createServer } from '@sallyport/node';

const machines = Array.from({ length: 200 }, (_, index) => ({
  vmId: `5a11f0e7-0000-4000-8000-${String(index).padStart(12, '0')}`,
  vmName: `machine-${index}`,
  status: index % 7 === 0 ? 'Down' : 'Up',
  cpuUser: (index * 37) % 100,
  memUsage: (index * 53) % 100,
  elapsedTime: index * 1000,
  displayIp: `10.0.0.${index}`,
  isMigrating: index % 50 === 0,
}));

const stats = {
  cpuLoad: '0.42',
  cpuUser: '12.50',
  cpuSys: '3.10',
  cpuIdle: '84.40',
  memAvailable: 15210,
  memFree: 12044,
  memUsed: 42,
  elapsedTime: 86400,
  bootTime: 1795000000,
  vmCount: 200,
  vmActive: 171,
  network: { eth0: { name: 'eth0', macAddr: '52:54:00:12:34:56', speed: 10000, state: 'up' } },
};

export default {
  name: 'server',
  async start() {
    const server = createServer({ xmlRpc: true });
    server.implement({ host: { getStats: () => stats }, vm: { list: () => machines } });
    const { port } = await server.listen({ port: 0 });
    return port;
  },
};
