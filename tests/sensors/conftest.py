from tests.contract.fixtures import emulator, flavour, kept_emulator, own_emulator, plain_machine, quick

__all__ = ["emulator", "flavour", "kept_emulator", "own_emulator", "plain_machine", "quick"]
