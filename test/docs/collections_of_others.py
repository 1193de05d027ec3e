def make(address):
    pass
