"""The cluster file that tests of rows and pages use: two nodes, one site."""

CLUSTER = """
name: tokyo-batch
platform: unix
os: linux
arch: x64
clusterware: pacemaker
clusterware_version: "0.11"
version: R16.3
local_site: used
nodes:
  - {name: node-a, role: active,  address: 127.0.0.1, port: 2201, transport: ssh, user: root}
  - {name: node-b, role: standby, address: 127.0.0.1, port: 2202, transport: ssh, user: root}
sites:
  - {name: site1, database: /shared/site1, group: g_jc}
"""
