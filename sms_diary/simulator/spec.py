"""The numbers of SMPP 3.4 that the simulator speaks, each with its paragraph.

What lives here: command ids, statuses, tags, limits. What does not: any code. They are written
down a second time on purpose: the simulator must not share a mistake with the SMPP channel.
"""

from typing import Final

# Command ids, SMPP 3.4 §5.1.2.1
GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x00000001
BIND_TRANSMITTER: Final = 0x00000002
QUERY_SM: Final = 0x00000003
SUBMIT_SM: Final = 0x00000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
BIND_TRANSCEIVER: Final = 0x00000009
ENQUIRE_LINK: Final = 0x00000015
RESPONSE: Final = 0x80000000  # set in the id of every response
QUERY_SM_RESP: Final = QUERY_SM | RESPONSE
SUBMIT_SM_RESP: Final = SUBMIT_SM | RESPONSE
DELIVER_SM_RESP: Final = DELIVER_SM | RESPONSE
UNBIND_RESP: Final = UNBIND | RESPONSE
ENQUIRE_LINK_RESP: Final = ENQUIRE_LINK | RESPONSE

# command_status, §5.1.3
ESME_ROK: Final = 0x00000000
ESME_RINVMSGLEN: Final = 0x00000001
ESME_RINVCMDLEN: Final = 0x00000002
ESME_RINVCMDID: Final = 0x00000003
ESME_RINVBNDSTS: Final = 0x00000004
ESME_RALYBND: Final = 0x00000005
ESME_RSYSERR: Final = 0x00000008
ESME_RINVSRCADR: Final = 0x0000000A
ESME_RINVDSTADR: Final = 0x0000000B
ESME_RINVMSGID: Final = 0x0000000C
ESME_RBINDFAIL: Final = 0x0000000D
ESME_RINVPASWD: Final = 0x0000000E
ESME_RINVSYSID: Final = 0x0000000F
ESME_RMSGQFUL: Final = 0x00000014
ESME_RINVSERTYP: Final = 0x00000015
ESME_RSUBMITFAIL: Final = 0x00000045
ESME_RINVSYSTYP: Final = 0x00000053
ESME_RTHROTTLED: Final = 0x00000058
ESME_RINVSCHED: Final = 0x00000061
ESME_RINVEXPIRY: Final = 0x00000062
ESME_RX_T_APPN: Final = 0x00000064  # "temporary", of deliver_sm_resp
ESME_RX_P_APPN: Final = 0x00000065  # "permanent", of deliver_sm_resp
ESME_RX_R_APPN: Final = 0x00000066  # "reject", of deliver_sm_resp
ESME_RQUERYFAIL: Final = 0x00000067
ESME_RINVOPTPARSTREAM: Final = 0x000000C0
ESME_RINVPARLEN: Final = 0x000000C2
ESME_RDELIVERYFAILURE: Final = 0x000000FE
LAST_STATUS: Final = 0xFFFFFFFF

# Optional parameters, §5.3.2
TAG_RECEIPTED_MESSAGE_ID: Final = 0x001E  # §5.3.2.12
TAG_USER_MESSAGE_REFERENCE: Final = 0x0204  # §5.3.2.17
TAG_SAR_MSG_REF_NUM: Final = 0x020C  # §5.3.2.22
TAG_SAR_TOTAL_SEGMENTS: Final = 0x020E  # §5.3.2.23
TAG_SAR_SEGMENT_SEQNUM: Final = 0x020F  # §5.3.2.24
TAG_SC_INTERFACE_VERSION: Final = 0x0210  # §5.3.2.25
TAG_MESSAGE_PAYLOAD: Final = 0x0424  # §5.3.2.32
TAG_MESSAGE_STATE: Final = 0x0427  # §5.3.2.35
TAG_VENDOR: Final = 0x1400  # §5.3.1: 0x1400 to 0x3FFF are for whoever sells the SMSC

INTERFACE_VERSION: Final = 0x34  # §5.2.4

# esm_class, §5.2.12
ESM_UDHI: Final = 0x40
ESM_RECEIPT: Final = 0x04
ESM_INTERMEDIATE: Final = 0x20

# registered_delivery, §5.2.17: which final states are asked for
REGISTERED_MASK: Final = 0x03
REGISTERED_FINAL: Final = 0x01
REGISTERED_FAILURE: Final = 0x02

# data_coding, §5.2.19
CODING_DEFAULT: Final = 0x00
CODING_ASCII: Final = 0x01
CODING_LATIN1: Final = 0x03
CODING_UCS2: Final = 0x08

# message_state, §5.2.28, by the word of the receipt's text, appendix B
MESSAGE_STATES: Final[dict[str, int]] = {
    "ENROUTE": 1,
    "DELIVRD": 2,
    "EXPIRED": 3,
    "DELETED": 4,
    "UNDELIV": 5,
    "ACCEPTD": 6,
    "UNKNOWN": 7,
    "REJECTD": 8,
}
FINAL_STATES: Final = tuple(word for word in MESSAGE_STATES if word != "ENROUTE")

# Sizes in octets
HEADER_LENGTH: Final = 16  # §3.2
LONGEST_PDU: Final = 70_000  # message_payload is at most 64 K, §5.3.2.32
LONGEST_SERVICE_TYPE: Final = 6  # these with the final NUL, §4.4.1
LONGEST_ADDRESS: Final = 21
LONGEST_SYSTEM_ID: Final = 16  # §4.1.5
LONGEST_PASSWORD: Final = 9
LONGEST_SYSTEM_TYPE: Final = 13
LONGEST_ADDRESS_RANGE: Final = 41
TIME_LENGTH: Final = 17  # or a lone NUL, §4.4.1
LONGEST_SHORT_MESSAGE: Final = 254
LONGEST_MESSAGE_ID: Final = 65  # §5.2.23
LAST_SEQUENCE: Final = 0x7FFFFFFF  # §5.1.4
