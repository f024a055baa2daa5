"""All networks of the pipeline, in the order of tables and figures."""

from birnn.networks import bigru, bilstm

NETWORKS = {each.NETWORK.name: each.NETWORK for each in (bilstm, bigru)}
