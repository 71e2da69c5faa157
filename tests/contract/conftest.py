from tests.contract.fixtures import emulator, flavour, own_emulator, plain_machine, quick

__all__ = ["emulator", "flavour", "own_emulator", "plain_machine", "quick"]
