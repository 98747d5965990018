import unittest

from shop import money


class ParseTest(unittest.TestCase):
    def test_whole(self):
        self.assertEqual(money.parse("12.00"), 1200)

    def test_exact(self):
        self.assertEqual(money.parse("19.99"), 1999)

    def test_without_cents(self):
        self.assertEqual(money.parse("7"), 700)

    def test_a_third_digit_is_refused(self):
        with self.assertRaises(ValueError):
            money.parse("1.999")


class ShowTest(unittest.TestCase):
    def test_two_digits(self):
        self.assertEqual(money.show(1250), "12.50")

    def test_leading_zero(self):
        self.assertEqual(money.show(1205), "12.05")

    def test_negative(self):
        self.assertEqual(money.show(-150), "-1.50")


class ShareTest(unittest.TestCase):
    def test_even(self):
        self.assertEqual(money.share(900, 3), [300, 300, 300])

    def test_no_cent_is_lost(self):
        self.assertEqual(money.share(1000, 3), [334, 333, 333])
